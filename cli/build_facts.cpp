#include "cli/build_facts.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <git2.h>
#include <sqlite3.h>
#include <tbb/version.h>
#include <unicode/uchar.h>
#include <unicode/uversion.h>
#include <zlib.h>

namespace llmops {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string icu() {
  UVersionInfo numbers;
  u_getVersion(numbers);
  return fmt::format("{}.{}", int{numbers[0]}, int{numbers[1]});
}

std::string unicode() {
  UVersionInfo numbers;
  u_getUnicodeVersion(numbers);
  return fmt::format("{}.{}", int{numbers[0]}, int{numbers[1]});
}

std::string libgit2() {
  int major = 0, minor = 0, revision = 0;
  git_libgit2_version(&major, &minor, &revision);
  return fmt::format("{}.{}.{}", major, minor, revision);
}

}  // namespace

Object build_facts() {
  Object facts{
      {"version", LLMOPS_VERSION}
  };
  if (const std::string_view revision = LLMOPS_REVISION; !revision.empty())
    facts.add("revision", revision);
  facts.add("compiler", compiler());
  facts.add("build_type", LLMOPS_BUILD_TYPE);
  facts.add("libraries", Object{
                             {"icu",     icu()                                      },
                             {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
                             {"libgit2", libgit2()                                  },
                             {"SQLite",  sqlite3_libversion()                       },
                             {"TBB",     TBB_runtime_version()                      },
                             {"unicode", unicode()                                  },
                             {"zlib",    zlibVersion()                              }
  });
  return facts;
}

}  // namespace llmops
