#pragma once
// The frame of a page that needs nothing else: no script, no request, no style attribute.

#include <string>
#include <string_view>

namespace llmops {

// Everything up to `<body>`. The content security policy allows exactly `style`, by its hash;
// `title` is escaped here.
std::string page_start(std::string_view title, std::string_view style);
inline constexpr std::string_view kPageEnd = "</body></html>\n";

}  // namespace llmops
