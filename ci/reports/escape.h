#pragma once
// Untrusted text (cases, model outputs, file names) made safe for each format. Control characters
// and invisible format characters become visible escapes everywhere; line breaks and tabs stay.

#include <string>
#include <string_view>

namespace llmops {

// For the content of an element or a quoted attribute of HTML and XML 1.0 alike.
std::string escape_markup(std::string_view text);

// For running text and table cells of GitHub Markdown: no formatting, no HTML, no mention, one
// line.
std::string escape_markdown(std::string_view text);
// As inline code, one line; safe inside a table.
std::string markdown_code(std::string_view text);
// As a fenced block whose fence no line of the text can close.
std::string markdown_block(std::string_view text);

// A field of RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front
// (OWASP, "CSV injection").
std::string csv_text(std::string_view text);

}  // namespace llmops
