#pragma once
// A Hugging Face style hub on 127.0.0.1 with one repository.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/loopback_server.h"

namespace llmops::test {

struct HubModel {
  std::string name = "org/tiny";
  std::string commit = "0123456789abcdef0123456789abcdef01234567";
  std::map<std::string, std::string> files;   // by name
  std::vector<std::string> large;             // with a SHA-256 of their own, as git-lfs has it
  std::string token;                          // asked for where it is not empty
  std::string storage;                        // where large files are redirected to; "" for none
  std::map<std::string, std::string> spoilt;  // content that is sent instead of the promised one
  std::size_t cut_first_at = 0;  // the first answer with a large file ends after so many bytes
  bool ranges = true;
};

// The script of a server that is such a hub (and its storage).
LoopbackServer::Script hub_script(std::shared_ptr<const HubModel> model);

}  // namespace llmops::test
