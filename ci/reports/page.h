#pragma once
// The frame of a page that needs nothing else: no request, no style attribute, no script but its
// own.

#include <string>
#include <string_view>

namespace llmops {

// What a page may do besides showing itself.
struct PagePowers {
  std::string_view script = {};  // run at the end of the body; allowed by its hash
  bool served = false;           // it may ask the server that it came from
};

// Everything up to `<body>`. The content security policy allows exactly `style` and the script, by
// their hashes; `title` is escaped here.
std::string page_start(std::string_view title, std::string_view style,
                       const PagePowers& powers = {});
// The script and the end of the page.
std::string page_end(const PagePowers& powers);
inline constexpr std::string_view kPageEnd = "</body></html>\n";

// The style sheet of the HTML report: light, dark, narrow, print.
std::string_view page_style();

}  // namespace llmops
