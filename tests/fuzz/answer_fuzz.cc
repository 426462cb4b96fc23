// The verdict on an answer to a request for bytes. Lines: the URL asked, where the range begins and ends, hops, bits
// (1: at a data host, 2: the answerer is in a private network, 4: ModelScope, 8: a regular file), status; then headers.
#include "daemon/hub/answer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/hub/address.h"
#include "daemon/hub/path_check.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {
namespace {

constexpr int kSize = 100'000;
constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";
constexpr char kSha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

hub::ManifestFile File(bool regular) {
  hub::ManifestFile file;
  file.path = regular ? "config.json" : "model.safetensors";
  file.size = kSize;
  file.hash = ContentHash::FromHex(regular ? kCommit : kSha256);
  return file;
}

void CheckRedirect(const hub::Ask& ask, const hub::Answer& answer) {
  HOLDS(answer.next && ask.hops < 10);
  const hub::Url& next = *answer.next;
  HOLDS(next.scheme == "https" || ask.url.scheme == "http");
  const auto zone = hub::ZoneOfLiteral(next.host);
  HOLDS(!zone || hub::MayLead(ask.answerer, *zone));
  HOLDS(next.user_info.empty());
  HOLDS(answer.next_is_data_host || next.SameOrigin(ask.url));
  HOLDS(!ask.at_data_host || answer.next_is_data_host);
  HOLDS(hub::ParseUrl(next.ToString()).ok());
}

void CheckBytes(const hub::Ask& ask, const hub::Answer& answer, int status, const hub::HeaderFields& headers) {
  HOLDS(status == 200 || status == 206);
  HOLDS(answer.length > 0 && answer.length <= kSize);
  const ByteCount wanted = std::min(ask.range.end, ask.file->size) - ask.range.begin;
  HOLDS(answer.length == wanted || (answer.length == kSize && ask.range.begin == 0));
  const auto range = hub::ParseContentRange(hub::FindHeader(headers, "content-range"));
  if (range) HOLDS(range->first == ask.range.begin && range->last - range->first + 1 == wanted && range->total == kSize);
  const auto length = hub::ParseContentLength(hub::FindHeader(headers, "content-length"));
  if (length) HOLDS(*length == answer.length);
  if (!ask.at_data_host && ask.dialect == hub::Dialect::kHuggingFace) {
    const absl::string_view commit = hub::FindHeader(headers, "x-repo-commit");
    HOLDS(commit.empty() || commit == kCommit);
  }
}

}  // namespace

FUZZ(input) {
  Lines lines(input);
  hub::Ask ask;
  auto url = hub::ParseUrl(lines.Next());
  if (!url.ok()) url = hub::ParseUrl("https://hub.example/org/name/resolve/main/model.safetensors");
  ask.url = *std::move(url);
  ask.range.begin = lines.Number(0, kSize - 1);
  ask.range.end = lines.Number(static_cast<int>(ask.range.begin) + 1, 2 * kSize);
  ask.hops = lines.Number(0, 12);
  const int bits = lines.Number(0, 15);
  const int status = lines.Number(100, 999);
  ask.at_data_host = bits & 1;
  ask.answerer = bits & 2 ? hub::Zone::kPrivate : hub::Zone::kPublic;
  ask.dialect = bits & 4 ? hub::Dialect::kModelScope : hub::Dialect::kHuggingFace;
  ask.commit = kCommit;
  const hub::ManifestFile file = File(bits & 8);
  ask.file = &file;
  const hub::HeaderFields headers = TakeHeaders(lines);
  const hub::Answer answer = hub::JudgeAnswer(ask, status, headers, absl::FromUnixSeconds(1'700'000'000));
  HOLDS(IsOneLine(answer.why) && answer.why.size() < 2000);
  HOLDS(IsOneLine(answer.error.message) && IsOneLine(answer.error.request_id));
  HOLDS((answer.kind == hub::AnswerKind::kRedirect) == answer.next.has_value());
  if (answer.kind == hub::AnswerKind::kRedirect) CheckRedirect(ask, answer);
  if (answer.kind == hub::AnswerKind::kBytes) CheckBytes(ask, answer, status, headers);
}

}  // namespace hfget::fuzz
