// libxml2's functions, loaded by the first document. A new one that is used needs its line here;
// the linker says so.
#include <libxml/parser.h>

#include "datasets/text/lazy_library.h"

namespace {

constexpr llmops::LazyLibrary kXml("libxml2.so.2", "libxml2");

}  // namespace

LLMOPS_FORWARD(kXml, void, xmlInitParser, (), ())
LLMOPS_FORWARD(kXml, xmlParserCtxtPtr, xmlNewParserCtxt, (), ())
LLMOPS_FORWARD(kXml, void, xmlFreeParserCtxt, (xmlParserCtxtPtr ctxt), (ctxt))
LLMOPS_FORWARD(kXml, void, xmlStopParser, (xmlParserCtxtPtr ctxt), (ctxt))
LLMOPS_FORWARD(kXml, xmlDocPtr, xmlCtxtReadMemory,
               (xmlParserCtxtPtr ctxt, const char* buffer, int size, const char* URL,
                const char* encoding, int options),
               (ctxt, buffer, size, URL, encoding, options))
LLMOPS_FORWARD(kXml, xmlErrorPtr, xmlCtxtGetLastError, (void* ctx), (ctx))
LLMOPS_FORWARD(kXml, xmlNodePtr, xmlDocGetRootElement, (const xmlDoc* doc), (doc))
LLMOPS_FORWARD(kXml, void, xmlFreeDoc, (xmlDocPtr cur), (cur))
