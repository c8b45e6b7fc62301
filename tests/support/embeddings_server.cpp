#include "tests/support/embeddings_server.h"

#include "datasets/text/json.h"

namespace llmops::test {

std::vector<std::string> embedded_texts(const Received& request) {
  std::vector<std::string> texts;
  const Result<Value> body = parse_json(request.body, "request");
  if (!body) return texts;
  for (const char* key : {"input", "inputs"})
    if (const Value* given = body->find(key); given != nullptr && given->list() != nullptr)
      for (const Value& text : *given->list()) texts.push_back(to_text(text));
  return texts;
}

std::vector<double> toy_embedding(const std::string& text) {
  double vowels = 0, blanks = 0;
  for (const char c : text) {
    if (std::string_view("aeiou").find(c) != std::string_view::npos) ++vowels;
    if (c == ' ') ++blanks;
  }
  return {static_cast<double>(text.size()), vowels, blanks};
}

Reply embeddings_answer(const Received& request) {
  List data;
  const std::vector<std::string> texts = embedded_texts(request);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    List numbers;
    for (const double number : toy_embedding(texts[i])) numbers.emplace_back(number);
    data.emplace_back(Object{
        {"object",    "embedding"                 },
        {"index",     static_cast<std::int64_t>(i)},
        {"embedding", std::move(numbers)          }
    });
  }
  const auto tokens = static_cast<std::int64_t>(texts.size());
  return answer(200, dump_json(Value(Object{
                         {"object", "list"                                                     },
                         {"data",   std::move(data)                                            },
                         {"model",  "toy"                                                      },
                         {"usage",  Object{{"prompt_tokens", tokens}, {"total_tokens", tokens}}}
  })));
}

}  // namespace llmops::test
