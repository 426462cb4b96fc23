// What the fuzz targets share. A target is FUZZ(input) { … }: it parses what a stranger may send and states what must hold
// then; HOLDS ends the process when it does not, which libFuzzer takes for a crash.
#ifndef HFGET_TESTS_FUZZ_FUZZ_H_
#define HFGET_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace hfget::fuzz {

[[noreturn]] void Broken(const char* file, int line, const char* rule);

// An input of several parts is lines, so that its corpus can be read and written by hand.
class Lines {
 public:
  explicit Lines(absl::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  absl::string_view Next();  // without its end; empty when there are no more
  int Number(int least, int most);  // of the next line; anything else is brought between them
  absl::string_view Rest() const { return text_; }

 private:
  absl::string_view text_;
};

// "name: value" lines up to an empty one; names in lower case, as net/ hands them over.
std::vector<std::pair<std::string, std::string>> TakeHeaders(Lines& lines);

// Parts that are separated by lines of "%%".
std::vector<absl::string_view> SplitReplies(absl::string_view text);

// UTF-8 without control characters: it may be shown and logged.
bool IsOneLine(absl::string_view text);
bool IsUtf8(absl::string_view text);
// Whether `path`, put below a folder, stays there, by the rules of the standard library.
bool StaysBelow(absl::string_view path);

}  // namespace hfget::fuzz

#define HOLDS(rule) ((rule) ? void() : ::hfget::fuzz::Broken(__FILE__, __LINE__, #rule))

#define FUZZ(input)                                                            \
  static void FuzzOne(absl::string_view input);                                \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {    \
    FuzzOne(absl::string_view(reinterpret_cast<const char*>(data), size));     \
    return 0;                                                                  \
  }                                                                            \
  static void FuzzOne(absl::string_view input)

#endif  // HFGET_TESTS_FUZZ_FUZZ_H_
