#pragma once
// Shared libraries that only some commands need: loaded when one of their functions is first
// called, so that every other command starts without them (libcurl alone brings two dozen more).

namespace llmops {

class LazyLibrary {
 public:
  // `file` as the loader finds it ("libcurl.so.4"); `package` holds it in Debian.
  constexpr LazyLibrary(const char* file, const char* package) : file_(file), package_(package) {}
  // The address of a function; loads the library, which then stays. Throws std::runtime_error where
  // it cannot be had. Thread-safe.
  void* symbol(const char* name) const;

 private:
  const char* file_;
  const char* package_;
};

}  // namespace llmops

// Defines a function of a library as a call of the real one:
// LLMOPS_FORWARD(kCurl, void, curl_easy_cleanup, (CURL * handle), (handle))
#define LLMOPS_FORWARD(library, result, name, parameters, arguments)                     \
  extern "C" result name parameters {                                                    \
    static const auto real = reinterpret_cast<decltype(&name)>((library).symbol(#name)); \
    return real arguments;                                                               \
  }
