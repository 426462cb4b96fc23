// From header lines as they arrive to one final ResponseHead.
#ifndef HFGET_DAEMON_NET_HEAD_READER_H_
#define HFGET_DAEMON_NET_HEAD_READER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "daemon/base/types.h"
#include "daemon/net/http.h"

namespace hfget::net {

// All header bytes of one answer together: interim answers and trailers count, so that none of them
// can be endless.
constexpr ByteCount kMaxHeadBytes = 256 * kKiB;
// In memory each costs far more than the four bytes that it may have on the wire.
constexpr size_t kMaxFields = 1000;

// Pure; fed by one request's lines in order. Source: RFC 9112 §4-§5, RFC 9110 §15.2.
class HeadReader {
 public:
  enum class State {
    kReading,
    kFinal,   // this line ended the final head; told once
    kDone,    // a line after it (a trailer): ignored
    kBroken,  // see problem()
  };

  // One line with its line end. Once broken, broken for good.
  State Take(absl::string_view line);

  ResponseHead& head() { return head_; }
  bool complete() const { return complete_; }
  absl::string_view problem() const { return problem_; }

 private:
  State Break(absl::string_view problem);
  State TakeStatusLine(absl::string_view line);
  State EndBlock();
  State TakeField(absl::string_view line);

  ResponseHead head_;
  ByteCount bytes_ = 0;
  bool in_block_ = false;
  bool complete_ = false;
  absl::string_view problem_;
};

}  // namespace hfget::net

#endif  // HFGET_DAEMON_NET_HEAD_READER_H_
