#include "datasets/text/lazy_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

namespace llmops {

void* LazyLibrary::symbol(const char* name) const {
  // Opened once by the loader, however often it is asked.
  void* const library = ::dlopen(file_, RTLD_LAZY | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : ::dlsym(library, name);
  if (found == nullptr) {
    const char* const why = ::dlerror();
    throw std::runtime_error(fmt::format("{} cannot be loaded ({}); Debian's package `{}` holds it",
                                         file_, why == nullptr ? "no reason given" : why,
                                         package_));
  }
  return found;
}

}  // namespace llmops
