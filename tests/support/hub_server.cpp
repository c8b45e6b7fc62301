#include "tests/support/hub_server.h"

#include <openssl/evp.h>

#include <algorithm>
#include <atomic>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"

namespace llmops::test {
namespace {

std::string git_sha1(const std::string& content) {
  std::string blob = "blob " + std::to_string(content.size());
  blob += '\0';
  blob += content;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(blob.data(), blob.size(), bytes, &length, EVP_sha1(), nullptr);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

bool is_large(const HubModel& model, const std::string& name) {
  return std::ranges::find(model.large, name) != model.large.end();
}

std::string listing(const HubModel& model) {
  List siblings;
  for (const auto& [name, content] : model.files) {
    const auto size = static_cast<std::int64_t>(content.size());
    Object file{
        {"rfilename", name             },
        {"size",      size             },
        {"blobId",    git_sha1(content)}
    };
    if (is_large(model, name))
      file.add(
          "lfs",
          Object{
              {"sha256",      sha256(content)  },
              {"size",        size             },
              {"pointerSize", std::int64_t{130}}
      });
    siblings.emplace_back(std::move(file));
  }
  return dump_json(Value(Object{
      {"id",       model.name         },
      {"sha",      model.commit       },
      {"siblings", std::move(siblings)}
  }));
}

}  // namespace

LoopbackServer::Script hub_script(std::shared_ptr<const HubModel> model) {
  auto cut = std::make_shared<std::atomic<bool>>(false);
  return [model, cut](const Received& request) -> Reply {
    const bool at_storage = request.path.starts_with("/storage/");
    if (!at_storage && !model->token.empty() &&
        request.header("authorization") != "Bearer " + model->token)
      return answer(401, R"({"error":"Invalid username or password."})");
    if (at_storage && !request.header("authorization").empty())
      return answer(400, "the token came to the storage server");
    if (request.path == "/api/models/" + model->name + "/revision/main?blobs=true")
      return answer(200, listing(*model));
    const std::string before = "/" + model->name + "/resolve/" + model->commit + "/";
    std::string name;
    if (request.path.starts_with(before)) name = request.path.substr(before.size());
    if (at_storage) name = request.path.substr(9);
    const auto found = model->files.find(name);
    if (found == model->files.end()) return answer(404, R"({"error":"Repository not found"})");
    if (!at_storage && is_large(*model, name) && !model->storage.empty())
      return answer(302, "", {"Location: " + model->storage + "/storage/" + name});
    const auto other = model->spoilt.find(name);
    const std::string& content = other == model->spoilt.end() ? found->second : other->second;
    std::size_t from = 0;
    if (const std::string range = request.header("range"); model->ranges && !range.empty())
      from = std::stoul(range.substr(range.find('=') + 1));
    if (from > 0 && from >= content.size()) return answer(416, "");
    const std::string head =
        std::string(from > 0 ? "HTTP/1.1 206 Partial Content" : "HTTP/1.1 200 OK") +
        "\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
        std::to_string(content.size() - from) + "\r\n\r\n";
    if (model->cut_first_at > 0 && is_large(*model, name) && !cut->exchange(true))
      return std::make_shared<const Steps>(Steps{
          {head + content.substr(from,   model->cut_first_at)},
          { "", std::chrono::nanoseconds(0),  Step::Action::close}
      });
    return std::make_shared<const Steps>(Steps{{head + content.substr(from)}});
  };
}

}  // namespace llmops::test
