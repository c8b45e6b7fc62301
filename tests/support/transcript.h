#pragma once
// Recorded sessions of the program, tests/e2e/transcripts/*.txt:
//
//   # why this session is kept
//   % copy datasets/examples/support project     a path of the repository, into the fresh folder
//   $ llmops lint project/llmops.yaml            run by sh in the fresh folder
//   what stdout held
//   ! what stderr held
//   [exit 1]                                     where it is not 0
//
// What differs from run to run is replaced first: ids of runs by RUN, times of day by TIME, the
// fresh folder by DIR, durations by " N s".

#include <filesystem>
#include <string>
#include <string_view>

namespace llmops::test {

// Runs every command of a transcript and returns it with what they printed now.
std::string replay_transcript(std::string_view transcript);

std::string without_chance(std::string text, const std::filesystem::path& folder);

}  // namespace llmops::test
