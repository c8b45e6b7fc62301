// libcurl's functions, loaded on the first request. A new one that is used needs its line here; the
// linker says so.
#include <curl/curl.h>

#include <cstdarg>

#include "datasets/text/lazy_library.h"

namespace {

constexpr llmops::LazyLibrary kCurl("libcurl.so.4", "libcurl4");

}  // namespace

LLMOPS_FORWARD(kCurl, CURLcode, curl_global_init, (long flags), (flags))
LLMOPS_FORWARD(kCurl, curl_version_info_data*, curl_version_info, (CURLversion age), (age))
LLMOPS_FORWARD(kCurl, time_t, curl_getdate, (const char* text, const time_t* unused),
               (text, unused))

LLMOPS_FORWARD(kCurl, CURL*, curl_easy_init, (), ())
LLMOPS_FORWARD(kCurl, void, curl_easy_cleanup, (CURL * handle), (handle))
LLMOPS_FORWARD(kCurl, const char*, curl_easy_strerror, (CURLcode code), (code))

LLMOPS_FORWARD(kCurl, CURLM*, curl_multi_init, (), ())
LLMOPS_FORWARD(kCurl, CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi))
LLMOPS_FORWARD(kCurl, CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL* easy), (multi, easy))
LLMOPS_FORWARD(kCurl, CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL* easy),
               (multi, easy))
LLMOPS_FORWARD(kCurl, CURLMsg*, curl_multi_info_read, (CURLM * multi, int* left), (multi, left))
LLMOPS_FORWARD(kCurl, CURLMcode, curl_multi_socket_action,
               (CURLM * multi, curl_socket_t socket, int events, int* running),
               (multi, socket, events, running))

LLMOPS_FORWARD(kCurl, CURLSH*, curl_share_init, (), ())
LLMOPS_FORWARD(kCurl, CURLSHcode, curl_share_cleanup, (CURLSH * share), (share))

LLMOPS_FORWARD(kCurl, curl_slist*, curl_slist_append, (curl_slist * list, const char* text),
               (list, text))
LLMOPS_FORWARD(kCurl, void, curl_slist_free_all, (curl_slist * list), (list))

LLMOPS_FORWARD(kCurl, CURLU*, curl_url, (), ())
LLMOPS_FORWARD(kCurl, void, curl_url_cleanup, (CURLU * url), (url))
LLMOPS_FORWARD(kCurl, CURLUcode, curl_url_set,
               (CURLU * url, CURLUPart part, const char* text, unsigned flags),
               (url, part, text, flags))

// One more argument, whose type depends on the option: a long, a pointer or an offset, each in one
// register of 64 bits on every system that this is built for.
#define LLMOPS_FORWARD_OPTION(result, name, handle, option)                              \
  extern "C" result(name)(handle * object, option which, ...) {                          \
    static const auto real = reinterpret_cast<decltype(&(name))>(kCurl.symbol(#name));   \
    static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*)); \
    std::va_list rest;                                                                   \
    va_start(rest, which);                                                               \
    void* const value = va_arg(rest, void*);                                             \
    va_end(rest);                                                                        \
    return real(object, which, value);                                                   \
  }

// The last named parameter is an enumeration, as libcurl declares it; on these systems it is passed
// as the int that it would be promoted to.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wvarargs"
#endif
LLMOPS_FORWARD_OPTION(CURLcode, curl_easy_setopt, CURL, CURLoption)
LLMOPS_FORWARD_OPTION(CURLcode, curl_easy_getinfo, CURL, CURLINFO)
LLMOPS_FORWARD_OPTION(CURLMcode, curl_multi_setopt, CURLM, CURLMoption)
LLMOPS_FORWARD_OPTION(CURLSHcode, curl_share_setopt, CURLSH, CURLSHoption)
