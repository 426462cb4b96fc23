#include "daemon/hub/answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/redirect.h"

namespace hfget::hub {
namespace {

constexpr int kMaxHops = 10;

Answer Verdict(AnswerKind kind, std::string why) {
  Answer answer;
  answer.kind = kind;
  answer.why = std::move(why);
  return answer;
}

Answer Wrong(std::string why) { return Verdict(AnswerKind::kWrong, std::move(why)); }
Answer NotHere(std::string why) { return Verdict(AnswerKind::kNotHere, std::move(why)); }

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The range as it can be had: a range that is asked for beyond the end stops there.
ByteRange Expected(const Ask& ask) {
  return {ask.range.begin, std::min(ask.range.end, ask.file->size)};
}

bool IsWholeFile(const Ask& ask) { return ask.range.begin == 0 && ask.range.end >= ask.file->size; }

std::string Describe(const ContentRange& r) {
  const std::string total = r.total < 0 ? "*" : absl::StrCat(r.total);
  return absl::StrCat(r.first, "-", r.last, "/", total);
}

std::string DescribeAsked(const Ask& ask) {
  const ByteRange range = Expected(ask);
  return absl::StrCat(range.begin, "-", range.end - 1, "/", ask.file->size);
}

bool IsModelScope(const Ask& ask) { return ask.dialect == Dialect::kModelScope; }

// A hash in a hub's header that is not the listing's; empty when there is none. An ETag that is no hash says nothing.
std::string OtherHash(const Ask& ask, const HeaderFields& headers) {
  const ManifestFile& file = *ask.file;
  ContentHash hash = ContentHash::FromHex(BareEtag(FindHeader(headers, "x-linked-etag")));
  if (hash.kind == ContentHash::Kind::kNone && file.hash.kind == ContentHash::Kind::kGitSha1) {
    // A regular file may carry its hash in ETag alone. Of a large file ETag may be the xet hash, or a CDN's own.
    hash = ContentHash::FromHex(BareEtag(FindHeader(headers, "etag")));
    if (hash.kind != ContentHash::Kind::kGitSha1) return "";
  }
  // Two hubs may keep one file in two ways; then a hash here and a hash there say nothing of each other.
  const bool comparable = !IsModelScope(ask) || hash.kind == file.hash.kind;
  return hash.kind == ContentHash::Kind::kNone || !comparable || hash == file.hash ? "" : hash.hex;
}

// Why the hub's headers speak of something else than what the manifest pins; empty when they do not.
std::string OtherVersion(const Ask& ask, const HeaderFields& headers) {
  const absl::string_view commit = FindHeader(headers, "x-repo-commit");
  const bool pinned = !ask.commit.empty() && !IsModelScope(ask);  // which has no commit of a repo
  if (!commit.empty() && pinned && commit != ask.commit) {
    return absl::StrCat("serves commit ", Printable(commit, 60), ", not ", ask.commit);
  }
  const auto size = ParseContentLength(FindHeader(headers, "x-linked-size"));
  if (size && *size != ask.file->size) {
    return absl::StrCat("has a file of ", *size, " bytes, not ", ask.file->size);
  }
  const std::string hash = OtherHash(ask, headers);
  return hash.empty() ? ""
                      : absl::StrCat("has a file with hash ", hash, ", not ", ask.file->hash.hex);
}

// The sha256 in "…/lfs-objects/aa/bb/ccc…" of ModelScope's data host; empty where there is none.
std::string ObjectOf(absl::string_view path) {
  constexpr absl::string_view kObjects = "/lfs-objects/";
  const size_t at = path.find(kObjects);
  if (at == absl::string_view::npos) return "";
  const absl::string_view spelled = path.substr(at + kObjects.size(), 66);
  const bool shaped = spelled.size() == 66 && spelled[2] == '/' && spelled[5] == '/';
  if (!shaped) return "";
  const auto hash = ContentHash::FromHex(
      absl::StrCat(spelled.substr(0, 2), spelled.substr(3, 2), spelled.substr(6)));
  return hash.hex;
}

// Why a redirect of ModelScope leads to something else than our file; empty when it does not.
std::string OtherObject(const Ask& ask, const Url& next) {
  if (!IsModelScope(ask) || ask.file->hash.kind != ContentHash::Kind::kSha256) return "";
  const std::string object = ObjectOf(next.path);
  if (object.empty() || object == ask.file->hash.hex) return "";
  return absl::StrCat("redirects to a file with hash ", object, ", not ", ask.file->hash.hex);
}

Answer JudgeRedirect(const Ask& ask, int status, const HeaderFields& headers) {
  auto next = NextHop(ask.url, FindHeader(headers, "location"), ask.answerer);
  if (!next.ok()) return Wrong(std::string(next.status().message()));
  if (ask.hops >= kMaxHops) return Wrong(absl::StrCat("redirects without end (", next->host, ")"));
  const bool other_hub = status == 308 && !ask.at_data_host && next->host != ask.url.host &&
                         absl::StrContains(next->path, "/resolve/");
  if (other_hub) {
    return Verdict(AnswerKind::kWrongRegion, absl::StrCat("sends us to another hub (", next->host,
                                                          "): it serves only its own "
                                                          "region; a proxy or VPN may be on"));
  }
  if (std::string why = OtherObject(ask, *next); !why.empty()) return NotHere(std::move(why));
  Answer answer = Verdict(AnswerKind::kRedirect, absl::StrCat("redirects to ", next->host));
  answer.next_is_data_host = ask.at_data_host || !next->SameOrigin(ask.url);
  answer.expires = LinkExpiry(next->ToString());
  answer.next = *std::move(next);
  return answer;
}

bool NameSays(absl::string_view path, std::initializer_list<absl::string_view> endings) {
  const std::string name = absl::AsciiStrToLower(path.substr(path.rfind('/') + 1));
  return std::any_of(endings.begin(), endings.end(),
                     [&](absl::string_view ending) { return absl::EndsWith(name, ending); });
}

bool IsJsonName(absl::string_view path) {
  // ".json." covers names such as config.json.bak, for which servers look at the first extension.
  return NameSays(path, {".json", ".jsonl", ".ndjson", ".ipynb", ".geojson", ".topojson", ".jsonld",
                         ".webmanifest", ".map", ".har", ".gltf", ".lock"}) ||
         absl::StrContains(absl::AsciiStrToLower(path), ".json.");
}

bool IsHtmlName(absl::string_view path) {
  return NameSays(path, {".html", ".htm", ".xhtml", ".shtml", ".xht"});
}

// "text/html" of "Text/HTML; charset=utf-8".
std::string MediaType(const HeaderFields& headers) {
  const absl::string_view type = FindHeader(headers, "content-type");
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(type.substr(0, type.find(';'))));
}

bool IsJson(absl::string_view media) {
  return media == "application/json" || media == "text/json" || media == "application/problem+json";
}

// ModelScope answers 200 with ~145 bytes of JSON where it has no such file or revision.
bool IsModelScopesNo(const Ask& ask, int status, const HeaderFields& headers) {
  if (!IsModelScope(ask) || !IsJson(MediaType(headers))) return false;
  if (!IsJsonName(ask.file->path)) return true;
  if (status != 200 || !FindHeader(headers, "content-range").empty()) return false;
  const absl::string_view length = FindHeader(headers, "content-length");
  return !length.empty() && ParseContentLength(length) != ask.file->size;
}

// An error page or an error object in a file's place; empty: it may be the file.
absl::string_view NotAFile(const Ask& ask, const HeaderFields& headers) {
  if (IsCoded(headers)) return "answers compressed, though that was not allowed";
  const std::string media = MediaType(headers);
  if (absl::StartsWith(media, "multipart/")) return "answers in several parts";
  const bool html = media == "text/html" || media == "application/xhtml+xml";
  if (html && !IsHtmlName(ask.file->path)) return "answers with an HTML page";
  if (IsJson(media) && !IsJsonName(ask.file->path)) return "answers with JSON in the file's place";
  return "";
}

Answer Bytes(ByteCount length) {
  Answer answer = Verdict(AnswerKind::kBytes, "");
  answer.length = length;
  return answer;
}

// 206, or the 200 that carries a Content-Range.
Answer JudgePart(const Ask& ask, int status, const HeaderFields& headers) {
  const ByteRange want = Expected(ask);
  const auto got = ParseContentRange(FindHeader(headers, "content-range"));
  if (!got) return Wrong(absl::StrCat("answers ", status, " with no valid Content-Range"));
  if (got->first != want.begin || got->last + 1 != want.end || got->total != ask.file->size) {
    return Wrong(absl::StrCat("answers ", status, " with bytes ", Describe(*got), ", not ",
                              DescribeAsked(ask)));
  }
  const absl::string_view length = FindHeader(headers, "content-length");
  if (!length.empty() && ParseContentLength(length) != want.size()) {
    return Wrong(
        absl::StrCat("announces ", Printable(length, 40), " bytes for a range of ", want.size()));
  }
  return Bytes(want.size());
}

// A 200 without Content-Range is the whole file. It serves a range that begins at 0; the reader stops where that ends.
Answer JudgeWhole(const Ask& ask, const HeaderFields& headers) {
  if (ask.range.begin != 0) {
    return Wrong(absl::StrCat("answers 200 with the whole file, not ", DescribeAsked(ask)));
  }
  const absl::string_view length = FindHeader(headers, "content-length");
  if (!length.empty() && ParseContentLength(length) != ask.file->size) {
    return Wrong(
        absl::StrCat("announces ", Printable(length, 40), " bytes for a file of ", ask.file->size));
  }
  // Without a length (chunked) only a body that is read to its end proves that it is this file.
  if (length.empty() && !IsWholeFile(ask)) {
    return Wrong(absl::StrCat("answers 200 without a length, not ", DescribeAsked(ask)));
  }
  return Bytes(ask.file->size);
}

Answer JudgeBody(const Ask& ask, int status, const HeaderFields& headers) {
  if (IsModelScopesNo(ask, status, headers)) return NotHere("ModelScope has no such file");
  if (const auto why = NotAFile(ask, headers); !why.empty()) return Wrong(std::string(why));
  const bool part = status == 206 || !FindHeader(headers, "content-range").empty();
  return part ? JudgePart(ask, status, headers) : JudgeWhole(ask, headers);
}

// A file that ends before our range is another one, unless the size that the answer names is ours.
Answer JudgeUnsatisfiable(const Ask& ask, const HeaderFields& headers) {
  absl::string_view range = absl::StripAsciiWhitespace(FindHeader(headers, "content-range"));
  const bool named = absl::ConsumePrefix(&range, "bytes */");
  if (named && ParseContentLength(range) == ask.file->size) {
    return Wrong(absl::StrCat("answers 416 to bytes ", DescribeAsked(ask), ", which it has"));
  }
  return NotHere(absl::StrCat("answers 416: its file is shorter than ", ask.file->size, " bytes"));
}

// What a CDN answers is about the link or the object, never about an account.
Answer JudgeDataHostError(const Ask& ask, int status) {
  if (status == 401 || status == 403 || status == 410) {
    return Verdict(AnswerKind::kLinkExpired,
                   absl::StrCat(ask.url.host, " refuses the link (", status, ")"));
  }
  if (status == 404) return NotHere(absl::StrCat(ask.url.host, " has no such object (404)"));
  return Verdict(AnswerKind::kHubError, absl::StrCat(ask.url.host, " answers ", status));
}

HubErrorKind DataHostKind(HubErrorKind kind) {
  constexpr std::array kKnown = {HubErrorKind::kRateLimited, HubErrorKind::kUnavailable,
                                 HubErrorKind::kBadRequest, HubErrorKind::kRangeNotSatisfiable};
  const bool known = std::find(kKnown.begin(), kKnown.end(), kind) != kKnown.end();
  return known ? kind : HubErrorKind::kUnexpected;
}

Answer JudgeError(const Ask& ask, int status, const HeaderFields& headers, absl::Time now) {
  HubError error = ClassifyError(status, headers, "", !ask.at_data_host, now);
  if (ask.at_data_host) error.kind = DataHostKind(error.kind);
  Answer answer = Verdict(AnswerKind::kHubError, absl::StrCat(ask.url.host, " answers ", status));
  if (status == 416)
    answer = JudgeUnsatisfiable(ask, headers);
  else if (ask.at_data_host)
    answer = JudgeDataHostError(ask, status);
  else if (status == 404 && IsModelScope(ask))
    answer = NotHere("ModelScope has no such file (404)");
  if (!error.message.empty()) absl::StrAppend(&answer.why, ": ", error.message);
  answer.error = std::move(error);
  return answer;
}

}  // namespace

Answer JudgeAnswer(const Ask& ask, int status, const HeaderFields& headers, absl::Time now) {
  if (status >= 400) return JudgeError(ask, status, headers, now);
  const bool usable = IsRedirect(status) || status == 200 || status == 206;
  if (!usable) return Wrong(absl::StrCat("answers ", status, ", which is no file"));
  if (!ask.at_data_host) {
    if (std::string why = OtherVersion(ask, headers); !why.empty()) return NotHere(std::move(why));
  }
  return IsRedirect(status) ? JudgeRedirect(ask, status, headers) : JudgeBody(ask, status, headers);
}

}  // namespace hfget::hub
