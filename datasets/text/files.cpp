#include "datasets/text/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestLine = std::size_t{256} << 20;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw std::runtime_error(fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

Diagnostic file_problem(const fs::path& path, std::string what, std::string help = "") {
  Diagnostic found = problem(std::move(what), "", std::move(help));
  found.file = path.string();
  return found;
}

}  // namespace

struct ByteReader::State {
  gzFile file = nullptr;
  std::string name;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (file != nullptr) gzclose(file);
  }
};

ByteReader::ByteReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteReader::~ByteReader() = default;
const std::string& ByteReader::file() const { return state_->name; }

Result<std::unique_ptr<ByteReader>> ByteReader::open(const fs::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0)
    return file_problem(path, errno == ENOENT ? "no such file" : std::strerror(errno));
  if (S_ISDIR(facts.st_mode)) return file_problem(path, "is a folder", "name a file in it");
  auto state = std::make_unique<State>();
  state->name = path.string();
  state->file = gzopen(path.c_str(), "rb");
  if (state->file == nullptr) return file_problem(path, std::strerror(errno));
  gzbuffer(state->file, 1U << 16);
  return std::unique_ptr<ByteReader>(new ByteReader(std::move(state)));
}

std::size_t ByteReader::read(char* buffer, std::size_t size) {
  const int got =
      gzread(state_->file, buffer, static_cast<unsigned>(std::min<std::size_t>(size, 1U << 30)));
  int code = Z_OK;
  const char* why = gzerror(state_->file, &code);
  if (got < 0 || (got == 0 && code != Z_OK && code != Z_STREAM_END)) {
    if (code == Z_ERRNO)
      throw std::runtime_error(
          fmt::format("{}: cannot read: {}", state_->name, std::strerror(errno)));
    std::string_view reason = why;  // "FILE: reason"
    if (reason.starts_with(state_->name + ": ")) reason.remove_prefix(state_->name.size() + 2);
    throw std::runtime_error(fmt::format("{}: broken gzip data: {}", state_->name, reason));
  }
  return static_cast<std::size_t>(got);
}

Result<Source> read_source(const fs::path& path, std::size_t most) {
  Result<std::unique_ptr<ByteReader>> bytes = ByteReader::open(path);
  if (!bytes) return bytes.problems();
  std::string text;
  try {
    for (;;) {
      const std::size_t before = text.size();
      text.resize(before + (1U << 16));
      const std::size_t got = (*bytes)->read(text.data() + before, 1U << 16);
      text.resize(before + got);
      if (got == 0) break;
      if (text.size() > most)
        return file_problem(path, fmt::format("larger than {} bytes", most),
                            "use JSONL, which is streamed");
    }
  } catch (const std::runtime_error& error) {
    return file_problem(path, std::string(error.what()).substr(path.string().size() + 2));
  }
  return Source(path.string(), std::move(text));
}

Result<LineReader> LineReader::open(const fs::path& path) {
  Result<std::unique_ptr<ByteReader>> bytes = ByteReader::open(path);
  if (!bytes) return bytes.problems();
  return LineReader(*std::move(bytes));
}

bool LineReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t before = buffer_.size();
  constexpr std::size_t kPiece = 1U << 16;
  buffer_.resize(before + kPiece);
  const std::size_t got = bytes_->read(buffer_.data() + before, kPiece);
  buffer_.resize(before + got);
  ended_ = got == 0;
  return got > 0;
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = at_;
  std::size_t end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    const std::size_t seen = buffer_.size() - at_;
    if (seen > kLongestLine)
      throw std::runtime_error(fmt::format("{}: line {} is longer than {} MiB", file(),
                                           line_number_ + 1, kLongestLine >> 20));
    if (!fill()) break;
    searched = at_ + seen;
  }
  const bool last = end == std::string::npos;
  if (last && at_ == buffer_.size()) return false;
  line_offset_ = next_offset_;
  const std::size_t stop = last ? buffer_.size() : end;
  line = std::string_view(buffer_).substr(at_, stop - at_);
  next_offset_ += line.size() + (last ? 0 : 1);
  at_ = last ? stop : stop + 1;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++line_number_;
  return true;
}

void write_all(std::FILE* file, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
    throw std::runtime_error(fmt::format("cannot write: {}", std::strerror(errno)));
}

namespace {

// A device or a pipe (/dev/null, /dev/stdout) is written to, never replaced.
bool is_special(const fs::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

// "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": a descriptor of this process, whatever it leads
// to.
std::optional<int> own_descriptor(const std::string& path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int descriptor = -1;
    const char* end = path.data() + path.size();
    const auto [rest, error] = std::from_chars(path.data() + folder.size(), end, descriptor);
    if (error == std::errc{} && rest == end) return descriptor;
  }
  return std::nullopt;
}

// Through the descriptor itself: opening its file again would start at its beginning.
std::FILE* open_descriptor(int descriptor) {
  const int copy = ::dup(descriptor);
  std::FILE* file = copy < 0 ? nullptr : ::fdopen(copy, "wb");
  if (file == nullptr && copy >= 0) ::close(copy);
  return file;
}

void write_directly(const fs::path& path, const std::function<void(std::FILE*)>& fill) {
  const std::optional<int> own = own_descriptor(path.string());
  if (own == STDOUT_FILENO) std::fflush(stdout);  // in the order of the writing
  std::FILE* file = own ? open_descriptor(*own) : std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail(path, "cannot write");
  try {
    fill(file);
  } catch (...) {
    std::fclose(file);
    throw;
  }
  if (std::fclose(file) != 0) fail(path, "cannot write");
}

}  // namespace

void write_atomically(const fs::path& named, const std::function<void(std::FILE*)>& fill) {
  if (is_special(named) || own_descriptor(named.string())) return write_directly(named, fill);
  std::error_code error;
  // Through a symbolic link: the file that it points to is replaced, not the link.
  const fs::path path = fs::is_symlink(named, error) ? fs::weakly_canonical(named, error) : named;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  fs::create_directories(folder, error);
  if (error)
    throw std::runtime_error(
        fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
  static std::atomic<unsigned> counter{0};
  const fs::path temporary =
      path.string() + fmt::format(".{}-{}.llmops-tmp", ::getpid(), counter++);
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) fail(path, "cannot write");
  try {
    fill(file);
    if (std::fflush(file) != 0 || ::fsync(::fileno(file)) != 0) fail(path, "cannot write");
  } catch (...) {
    std::fclose(file);
    fs::remove(temporary, error);
    throw;
  }
  std::fclose(file);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int why = errno;
    fs::remove(temporary, error);
    errno = why;
    fail(path, "cannot write");
  }
  if (const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY); handle >= 0) {
    ::fsync(handle);
    ::close(handle);
  }
}

void write_atomically(const fs::path& path, std::string_view content) {
  write_atomically(path, [&](std::FILE* file) { write_all(file, content); });
}

}  // namespace llmops
