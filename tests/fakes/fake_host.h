// One server of a simulated net: a hub in either dialect, or a data host. It counts what it is asked and errs on demand.
#ifndef HFGET_TESTS_FAKES_FAKE_HOST_H_
#define HFGET_TESTS_FAKES_FAKE_HOST_H_

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/random/distributions.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/hub/url.h"
#include "daemon/net/http.h"
#include "tests/fakes/fake_line.h"
#include "tests/fakes/fake_repo.h"
#include "tests/fakes/fake_scope.h"

namespace hfget::testing {

struct Fault {
  enum class Kind {
    kRefuse, kConnectTimeout, kNoHead,                       // nothing comes
    kStatus, kHtml, kWhole, kWrongRange, kWrongTotal,        // another answer
    kRedirectLoop, kOtherHub, kExpiredLink,
    kStall, kReset, kFlip, kGarbage, kSlow,                  // another body
  };
  enum class Where { kAny, kListing, kResolve, kBytes };

  Kind kind;
  Where where = Where::kBytes;
  int skip = 0;          // lets so many fitting requests pass first
  int times = -1;        // strikes so many requests; -1: all
  double share = 1;      // strikes this share of the fitting requests
  ByteCount after = 0;   // kStall, kReset, kSlow: bytes of the body that come through first
  ByteCount offset = 0;  // kFlip: of the file; every answer that covers it is struck
  ByteCount rate = 0;    // kSlow. Units: bytes per second
  int status = 500;      // kStatus
  std::vector<std::pair<std::string, std::string>> headers = {};  // kStatus
  absl::Time until = absl::InfiniteFuture();  // wall time: from then on all is well
  int hits = 0;
};

// What a server does with one request, after the head's latency.
struct FakeReply {
  enum class Silence { kNone, kRefuse, kConnectTimeout, kNoHead };
  Silence silence = Silence::kNone;
  net::ResponseHead head;
  std::string text;          // the body, when it is no content
  FakeContent content;
  ByteRange range;           // of the content
  std::optional<ByteCount> stall_after, break_after, slow_after;
  std::vector<ByteCount> flips;  // of the content
  ByteCount slow_rate = 0;
  bool garbage = false;
  bool endless = false;      // the text again and again
  absl::Duration drip;       // the time of each byte; zero: the line's

  ByteCount body_bytes() const {
    if (endless) return std::numeric_limits<ByteCount>::max();
    return text.empty() ? range.size() : static_cast<ByteCount>(text.size());
  }
};

// What all hubs of one world know.
struct FakeWorldContent {
  std::vector<FakeRepo> repos;
  std::vector<FakeRepo> scope_repos;  // ModelScope's, at master
  std::set<std::string> accounts;  // tokens that are valid, besides those of the repos
  std::map<std::string, std::string> names;  // of accounts, by token

  // `revision`: a commit, or a branch's name: then the last repo of this name counts.
  const FakeRepo* Find(absl::string_view name, absl::string_view revision) const {
    const FakeRepo* found = nullptr;
    for (const FakeRepo& repo : repos) {
      if (repo.id.name == name && (repo.commit == revision || revision == "main")) found = &repo;
    }
    return found;
  }
  const FakeRepo* FindScope(absl::string_view name) const {
    for (const FakeRepo& repo : scope_repos) {
      if (repo.id.name == name) return &repo;
    }
    return nullptr;
  }
  bool IsAccount(const std::string& token) const {
    for (const FakeRepo& repo : repos) {
      if (!repo.token.empty() && repo.token == token) return true;
    }
    return accounts.count(token) > 0;
  }
};

struct FakeHost {
  std::string endpoint;     // "https://hub.test", with a prefix where it has one
  bool is_hub = true;
  bool scope = false;       // speaks the ModelScope dialect
  std::string data_origin;  // a hub: where it sends for large files; empty: it serves them itself
  absl::Duration latency = absl::Milliseconds(20);
  ByteCount connection_rate = 8 * kMiB;  // of one connection. Units: bytes per second
  ByteCount host_rate = 0;               // of all together; 0: no limit
  FakeShape shape;                       // how those change
  absl::Duration link_life = absl::Hours(1);
  bool reads_token = true;         // false: a mirror that drops Authorization
  bool names_accounts = true;      // false: whoami is out of order
  bool serves_gated = false;       // has a public copy of what the hub restricts
  absl::Time lags_until = absl::InfinitePast();  // wall time: it knows none of these commits before
  std::set<std::string> lacks;     // paths that it does not have
  size_t page_rows = 1000;
  bool lists_backwards = false;
  int quota = 0;                   // requests in a window of five minutes; 0: no limit
  std::vector<Fault> faults;
  std::string address;  // that its name leads to; empty: some public one
  // Asked first; nullopt: it answers as a hub does. Its headers go out as they are.
  std::function<std::optional<FakeReply>(const net::Request& request, const hub::Url& url)> script;

  // Counted.
  int requests = 0;
  int listings = 0;
  int over_quota = 0;    // requests that were refused
  int active = 0;        // bodies under way
  int peak_active = 0;
  ByteCount sent = 0;
  std::set<std::string> tokens;      // every token it has seen
  std::map<int64_t, int> per_second;  // requests by second of virtual time
  std::vector<std::string> asked;    // paths, in order

  Fault& Add(Fault fault) { return faults.emplace_back(std::move(fault)); }
  int busiest_second() const {
    int most = 0;
    for (const auto& [second, count] : per_second) most = std::max(most, count);
    return most;
  }

  FakeReply Answer(const FakeWorldContent& world, const net::Request& request, const hub::Url& url, absl::Time wall,
                   absl::BitGenRef rng) {
    Count(request, url, wall);
    if (script != nullptr) {
      if (auto reply = script(request, url)) return *std::move(reply);
    }
    const std::string path = PathBelowPrefix(url);
    FakeReply reply = quota > 0 && OverQuota(wall) ? RateLimited(wall) : Route(world, request, url, path, wall);
    if (quota > 0) reply.head.headers.fields.emplace_back("ratelimit", QuotaHeader(wall));
    const Fault::Where where = WhereOf(path, reply);
    for (Fault& fault : faults) {
      if (wall < fault.until && Strikes(fault, where, rng)) Apply(fault, request, reply);
    }
    Finish(reply);
    return reply;
  }

 private:
  static constexpr absl::Duration kWindow = absl::Minutes(5);

  static FakeReply Text(int status, std::string text, absl::string_view type) {
    FakeReply reply;
    reply.head.status = status;
    reply.text = std::move(text);
    reply.head.headers.fields.emplace_back("content-type", std::string(type));
    return reply;
  }
  static FakeReply Error(int status, absl::string_view code, absl::string_view message) {
    FakeReply reply = Text(status, absl::StrCat(R"({"error":")", message, R"("})"), "application/json");
    if (!code.empty()) reply.head.headers.fields.emplace_back("x-error-code", std::string(code));
    reply.head.headers.fields.emplace_back("x-error-message", std::string(message));
    return reply;
  }
  static FakeReply Redirect(int status, std::string location) {
    FakeReply reply = Text(status, "Found. Redirecting", "text/plain");
    reply.head.headers.fields.emplace_back("location", std::move(location));
    return reply;
  }

  void Count(const net::Request& request, const hub::Url& url, absl::Time wall) {
    ++requests;
    ++per_second[absl::ToUnixSeconds(wall)];
    asked.push_back(url.path);
    if (!request.bearer.empty()) tokens.insert(request.bearer.Reveal());
  }

  std::string PathBelowPrefix(const hub::Url& url) const {
    const auto own = hub::ParseUrl(absl::StrCat(endpoint, "/"));
    return std::string(absl::StripPrefix(url.path, absl::StripSuffix(own->path, "/")));
  }

  bool OverQuota(absl::Time wall) {
    if (wall >= window_ends_) {
      window_ends_ = wall + kWindow;
      in_window_ = 0;
    }
    const bool over = ++in_window_ > quota;
    over_quota += over;
    return over;
  }
  std::string QuotaHeader(absl::Time wall) const {
    return absl::StrCat(R"("resolvers";r=)", std::max(0, quota - in_window_), ";t=",
                        absl::ToInt64Seconds(absl::Ceil(window_ends_ - wall, absl::Seconds(1))));
  }
  FakeReply RateLimited(absl::Time) const { return Error(429, "", "We had to rate limit you"); }

  FakeReply Route(const FakeWorldContent& world, const net::Request& request, const hub::Url& url,
                  const std::string& path, absl::Time wall) {
    if (!is_hub) return ServeObject(world, request, url, wall);
    const std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
    if (scope) return RouteScope(world, request, url, parts, wall);
    if (path == "/api/whoami-v2" && !names_accounts) return Error(503, "", "out of order");
    if (path == "/api/whoami-v2") return WhoAmI(world, reads_token ? request.bearer.Reveal() : "");
    // /api/models/org/name/{revision,tree}/rev · /api/resolve-cache/models/org/name/rev/path · /org/name/resolve/rev/path
    const bool cache = parts.size() > 6 && parts[1] == "resolve-cache";
    const bool api = !cache && parts.size() == 6 && parts[0] == "api";
    const bool resolve = !api && !cache && parts.size() >= 5 && parts[2] == "resolve";
    if (!api && !cache && !resolve) return Error(404, "", "no such page");
    const size_t id = cache ? 3 : api ? 2 : 0;
    const size_t rev = api ? 5 : cache ? 5 : 3;
    const FakeRepo* repo = world.Find(absl::StrCat(parts[id], "/", parts[id + 1]), hub::Decode(parts[rev]));
    if (auto refused = Refused(world, request, repo, resolve || cache)) return *std::move(refused);
    if (repo == nullptr || wall < lags_until) return Error(404, "RevisionNotFound", "Invalid rev id");
    if (api) return Listing(*repo, parts[4] == "tree", url);
    const std::string file = hub::Decode(absl::StrJoin(parts.begin() + rev + 1, parts.end(), "/"));
    return Resolve(*repo, request, file, cache, wall);
  }

  // /api/v1/models/org/name/repo[/files]
  FakeReply RouteScope(const FakeWorldContent& world, const net::Request& request, const hub::Url& url,
                       const std::vector<std::string>& parts, absl::Time wall) {
    if (parts.size() < 6 || parts[1] != "v1" || parts[5] != "repo") return Text(404, "<html>", "text/html");
    const FakeRepo* repo = world.FindScope(absl::StrCat(parts[3], "/", parts[4]));
    if (repo == nullptr) return Text(404, ScopeRefusal(10010205001), "application/json");
    if (repo->is_private && request.bearer.Reveal() != repo->token) return Text(404, ScopeRefusal(10010200001), "application/json");
    const bool known = hub::QueryParameter(url, "Revision") == "master";
    if (parts.size() == 7) {
      ++listings;
      return Text(200, ScopeListing(known ? repo : nullptr), "application/json");
    }
    const std::string path = hub::QueryParameter(url, "FilePath");
    const FakeFile* file = known && lacks.count(path) == 0 ? repo->Find(path) : nullptr;
    if (file == nullptr) return Text(200, ScopeRefusal(10990101007), "application/json");
    if (file->lfs && !data_origin.empty()) {
      return Redirect(302, absl::StrCat(data_origin, ScopeObject(*file), "?auth_key=", absl::ToUnixSeconds(wall + link_life)));
    }
    FakeReply reply = Bytes(file->content, request);
    if (reply.head.status == 206) {
      reply.head.status = 200;
      reply.head.headers.fields.emplace_back("content-range", absl::StrCat("bytes ", reply.range.begin, "-", reply.range.end - 1, "/",
                                                                           file->content.size()));
    }
    return reply;
  }

  std::optional<FakeReply> Refused(const FakeWorldContent& world, const net::Request& request, const FakeRepo* repo,
                                   bool reads_file) const {
    const std::string token = reads_token ? request.bearer.Reveal() : "";
    if (!token.empty() && !world.IsAccount(token)) {
      return Error(401, "", "Invalid credentials in Authorization header");
    }
    if (repo == nullptr || serves_gated || (!repo->token.empty() && token == repo->token)) return std::nullopt;
    if (repo->is_private) {
      return token.empty() ? Error(401, "", "Invalid username or password.")
                           : Error(404, "RepoNotFound", "Repository not found");
    }
    if (repo->gated && reads_file) return Error(token.empty() ? 401 : 403, "GatedRepo", "Access is restricted");
    return std::nullopt;
  }

  static FakeReply WhoAmI(const FakeWorldContent& world, const std::string& token) {
    if (token.empty()) return Error(401, "", "Invalid username or password.");
    if (!world.IsAccount(token)) return Error(401, "", "Invalid credentials in Authorization header");
    const auto name = world.names.find(token);
    return Text(200, absl::StrCat(R"({"name":")", name == world.names.end() ? "somebody" : name->second, R"("})"),
                "application/json");
  }

  FakeReply Listing(const FakeRepo& repo, bool tree, const hub::Url& url) {
    ++listings;
    if (!tree) return Text(200, repo.InfoJson(), "application/json");
    size_t begin = 0;
    const std::string cursor = hub::QueryParameter(url, "cursor");
    if (!cursor.empty() && !absl::SimpleAtoi(cursor, &begin)) return Error(400, "", "bad cursor");
    FakeRepo listed = repo;
    if (lists_backwards) std::reverse(listed.files.begin(), listed.files.end());
    FakeReply reply = Text(200, listed.TreeJson(begin, begin + page_rows), "application/json");
    if (begin + page_rows < repo.files.size()) {
      // As mirrors do: the next page is said to be at the hub.
      reply.head.headers.fields.emplace_back(
          "link", absl::StrCat("<https://huggingface.co/api/models/", repo.id.name, "/tree/", repo.commit,
                               "?recursive=true&expand=false&cursor=", begin + page_rows, ">; rel=\"next\""));
    }
    return reply;
  }

  FakeReply Resolve(const FakeRepo& repo, const net::Request& request, const std::string& path, bool cache,
                    absl::Time wall) {
    const FakeFile* file = repo.Find(path);
    FakeReply reply;
    if (file == nullptr || lacks.count(path) > 0) {
      reply = Error(404, "EntryNotFound", "Entry not found");
    } else if (file->lfs && !data_origin.empty()) {
      reply = Redirect(302, absl::StrCat(data_origin, "/", file->hash().hex, "?Expires=",
                                         absl::ToUnixSeconds(wall + link_life)));
    } else if (!file->lfs && !cache) {
      reply = Redirect(307, absl::StrCat("/api/resolve-cache/models/", repo.id.name, "/", repo.commit, "/",
                                         hub::EncodePath(path)));
      if (const auto own = hub::ParseUrl(absl::StrCat(endpoint, "/")); own->path != "/") {
        // Below a prefix only an absolute path leads back.
        for (auto& [name, value] : reply.head.headers.fields) {
          if (name == "location") value = absl::StrCat(absl::StripSuffix(own->path, "/"), value);
        }
      }
    } else {
      reply = Bytes(file->content, request);
    }
    auto& fields = reply.head.headers.fields;
    fields.emplace_back("x-repo-commit", repo.commit);
    if (file != nullptr && file->lfs) {
      fields.emplace_back("x-linked-size", absl::StrCat(file->content.size()));
      fields.emplace_back("x-linked-etag", absl::StrCat("\"", file->hash().hex, "\""));
    }
    return reply;
  }

  FakeReply ServeObject(const FakeWorldContent& world, const net::Request& request, const hub::Url& url,
                        absl::Time wall) const {
    int64_t expires = 0;
    // ModelScope's links do not say when they end; here it stands where nobody looks for it.
    const std::string key = hub::QueryParameter(url, "auth_key");
    if (!absl::SimpleAtoi(key.empty() ? hub::QueryParameter(url, "Expires") : key, &expires) || absl::ToUnixSeconds(wall) > expires) {
      return Text(403, "<Error><Code>AccessDenied</Code></Error>", "application/xml");
    }
    const std::string hash = ScopeObjectHash(url.path);
    for (const auto* repos : {&world.repos, &world.scope_repos}) {
      for (const FakeRepo& repo : *repos) {
        if (const FakeFile* file = repo.FindByHash(hash)) return Bytes(file->content, request);
      }
    }
    return Text(404, "<Error><Code>NoSuchKey</Code></Error>", "application/xml");
  }

  static FakeReply Bytes(const FakeContent& content, const net::Request& request) {
    FakeReply reply;
    reply.content = content;
    reply.range = {0, content.size()};
    reply.head.status = 200;
    for (const auto& [name, value] : request.headers) {
      if (!absl::EqualsIgnoreCase(name, "range")) continue;
      const std::vector<std::string> ends = absl::StrSplit(absl::StripPrefix(value, "bytes="), '-');
      ByteCount first = 0, last = 0;
      if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &first) || !absl::SimpleAtoi(ends[1], &last)) continue;
      if (first >= content.size() || last < first) return Error(416, "", "Range not satisfiable");
      reply.range = {first, std::min(last + 1, content.size())};
      reply.head.status = 206;
    }
    reply.head.headers.fields.emplace_back("content-type", "application/octet-stream");
    return reply;
  }

  Fault::Where WhereOf(const std::string& path, const FakeReply& reply) const {
    if (!is_hub) return Fault::Where::kBytes;
    const bool listing = scope ? absl::EndsWith(path, "/repo/files")
                               : absl::StartsWith(path, "/api/") && !absl::StartsWith(path, "/api/resolve-cache/");
    if (listing) return Fault::Where::kListing;
    return reply.head.status >= 300 && reply.head.status < 400 ? Fault::Where::kResolve : Fault::Where::kBytes;
  }

  static bool Strikes(Fault& fault, Fault::Where where, absl::BitGenRef rng) {
    if (fault.where != Fault::Where::kAny && fault.where != where) return false;
    if (fault.times == 0) return false;
    if (fault.skip > 0) return --fault.skip, false;
    if (fault.share < 1 && absl::Uniform(rng, 0.0, 1.0) >= fault.share) return false;
    if (fault.times > 0) --fault.times;
    ++fault.hits;
    return true;
  }

  void Apply(const Fault& fault, const net::Request& request, FakeReply& reply) {
    using Kind = Fault::Kind;
    switch (fault.kind) {
      case Kind::kRefuse: reply.silence = FakeReply::Silence::kRefuse; break;
      case Kind::kConnectTimeout: reply.silence = FakeReply::Silence::kConnectTimeout; break;
      case Kind::kNoHead: reply.silence = FakeReply::Silence::kNoHead; break;
      case Kind::kStatus:
        reply = Error(fault.status, "", "scripted");
        for (const auto& field : fault.headers) reply.head.headers.fields.push_back(field);
        break;
      case Kind::kHtml: reply = Text(200, "<!DOCTYPE html><title>Log in</title>", "text/html; charset=utf-8"); break;
      case Kind::kWhole:
        reply.range = {0, reply.content.size()};
        if (reply.head.status == 206) reply.head.status = 200;
        break;
      case Kind::kWrongRange: range_lie_ = {1, 0}; break;
      case Kind::kWrongTotal: range_lie_ = {0, 1}; break;
      case Kind::kRedirectLoop: reply = Redirect(302, request.url); break;
      case Kind::kOtherHub:
        reply = Redirect(308, absl::StrCat("https://huggingface.co", hub::ParseUrl(request.url)->path));
        break;
      case Kind::kExpiredLink: reply = Text(403, "<Error>Request has expired</Error>", "application/xml"); break;
      case Kind::kStall: reply.stall_after = fault.after; break;
      case Kind::kReset: reply.break_after = fault.after; break;
      case Kind::kFlip: reply.flips.push_back(fault.offset); break;
      case Kind::kGarbage: reply.garbage = true; break;
      case Kind::kSlow: reply.slow_after = fault.after, reply.slow_rate = fault.rate; break;
    }
  }

  // The headers that follow from the body.
  void Finish(FakeReply& reply) {
    auto& fields = reply.head.headers.fields;
    fields.emplace_back("content-length", absl::StrCat(reply.body_bytes()));
    const auto [shift, more] = std::exchange(range_lie_, {0, 0});
    if (reply.head.status != 206) return;
    fields.emplace_back("content-range", absl::StrCat("bytes ", reply.range.begin + shift, "-", reply.range.end - 1 + shift,
                                                      "/", reply.content.size() + shift + more));
  }

  absl::Time window_ends_ = absl::InfinitePast();
  int in_window_ = 0;
  std::pair<ByteCount, ByteCount> range_lie_{0, 0};  // of the reply being made: shift, addition to the total
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_HOST_H_
