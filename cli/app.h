#pragma once

namespace llmops {

// The whole program: parses the command line, runs one command, turns what it threw into a message.
int run_app(int argc, char** argv);

}  // namespace llmops
