// XML validity: the whole output is one well-formed XML document. Nothing is fetched and no entity
// is expanded; a document that declares entities is refused.
// Cost: O(n).
#include <fmt/format.h>
#include <libxml/parser.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/fenced.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"allow_fence", "root"};
constexpr std::size_t kMost = 10'000'000;  // bytes; libxml2's own limits hold below it

void entity_declared(void* context, const xmlChar*, int, const xmlChar*, const xmlChar*, xmlChar*) {
  auto* parser = static_cast<xmlParserCtxtPtr>(context);
  *static_cast<bool*>(parser->_private) = true;
  xmlStopParser(parser);
}

Measurement check(std::string_view text, const std::string& root) {
  static std::once_flag once;
  std::call_once(once, [] { xmlInitParser(); });
  if (text.size() > kMost) return scored(0.0, "longer than 10 MB");
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> parser(xmlNewParserCtxt(),
                                                                            &xmlFreeParserCtxt);
  bool entities = false;
  parser->_private = &entities;
  parser->sax->entityDecl = &entity_declared;
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
      &xmlFreeDoc);
  if (entities) return scored(0.0, "the document declares entities");
  if (document == nullptr || parser->wellFormed == 0) {
    const xmlError* error = xmlCtxtGetLastError(parser.get());
    if (error == nullptr || error->message == nullptr) return scored(0.0, "no XML");
    return scored(0.0, fmt::format("line {}: {}", error->line, strip(error->message)));
  }
  const xmlNode* element = xmlDocGetRootElement(document.get());
  if (!root.empty() && (element == nullptr || root != reinterpret_cast<const char*>(element->name)))
    return scored(0.0, fmt::format("the root element is not `{}`", root));
  return scored(1.0);
}

std::unique_ptr<Metric> make(Fields& fields) {
  const bool allow_fence = fields.boolean("allow_fence").value_or(false);
  const std::string root = fields.text("root").value_or("");
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("xml_valid|fence:{}|root:{}|version:1", yes_no(allow_fence),
                  root.empty() ? "any" : root),
      [=](const Case&, const Sample& sample) {
        return check(
            strip(allow_fence ? without_fence(sample.text) : std::string_view(sample.text)), root);
      });
}

}  // namespace

extern const MetricInfo kXmlValid;
constexpr MetricInfo kXmlValid{
    .name = "xml_valid",
    .summary = "the output is a well-formed XML document",
    .source = "XML 1.0, fifth edition (libxml2)",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
