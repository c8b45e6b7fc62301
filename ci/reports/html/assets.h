#pragma once
// The page's style sheet and script, embedded from the files beside this one.

#include <string_view>

namespace llmops {

extern const std::string_view page_style_css;
extern const std::string_view page_data_js, page_words_js, page_cases_js, page_case_js,
    page_main_js;

}  // namespace llmops
