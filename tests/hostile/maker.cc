#include "tests/hostile/maker.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace hfget::testing {
namespace {

using namespace std::string_literals;

// As they stand between the quotes of JSON. No listing with one of them may be taken.
const std::string kWaysOut[] = {
    "..", ".", "../x", "../../../../etc/passwd", "a/../../x", "a/..", "a/./b", "a//b", "a/", "/", "//", "/etc/passwd",
    "/root/.ssh/authorized_keys", "a\\u0000b", "\\u0000", "a\\nb", "a\\u001b[31mb", "a\\u007f", "a\\u009b31m", "..\\\\..\\\\x",
    "C:\\\\x", "a\\\\b", ".git/config", "a/.GIT/hooks/post-checkout", ".hfget/x", ".HFGET/x", ".hfget-1-2.tmp", ".cache/huggingface/x",
    ".cache/HuggingFace/download/x.metadata", "\xff\xfe", "\xc0\xae\xc0\xae/x", "\xed\xa0\x80", "a\x01z", "a\tb", "\\ud800", "",
    "%2e%2e/../x", "a/\\u002e\\u002e/\\u002e\\u002e/x"};

// Strange, and no way out.
const std::string kOddPaths[] = {
    "-rf", "~", "~root/x", "...", "..a", "a..", "con", "nul.txt", "C:", "a:b", "*", "?", "a b", " ", "a ", "$HOME", "`id`", "%2e%2e%2fx",
    "\\u202egnp.exe", "\\ufeff", "\\u2028", "caf\\u00e9", "cafe\\u0301", "\\ud83d\\ude00", ".gitattributes", ".gitignore", ".cache/x",
    "refs/main", "blobs/x", "snapshots/x", "a.metadata", "a.lock", "a.partial", "a.incomplete", "trees/x.json", "CACHEDIR.TAG",
    "x/.hfget/y", "x/.cache/huggingface/y", "&amp;", "<b>", "';--", "{{7*7}}", "config.json?x=1#y"};

const std::string kSizes[] = {"-1", "-0", "-9223372036854775808", "9007199254740993", "9223372036854775807", "9223372036854775808",
                              "18446744073709551615", "18446744073709551616", "1e999", "1e3", "1.5", "\"12\"", "null", "true", "[]",
                              "{}", "\"\"", "0x10", "NaN", "- 1", "01"};

const char* const kHosts[] = {
    "169.254.169.254", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
    "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.1",
    "localhost", "a.localhost", "[::1]", "[::]", "0.0.0.0", "0", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd12::1]", "[ff02::1]",
    "100.64.0.1", "100.127.255.255", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]", "[2002:a00:1::]",
    "[::10.0.0.1]", "[::ffff:0:10.0.0.1]", "metadata.google.internal", "hub.test", "official.test", "data.official.test", "rebind.test",
    "cdn.test", "1.1.1.1", "[2606:4700::1111]", "x@10.0.0.1", "10.0.0.1:80@h", "h\\@x", "%31%30.0.0.1", "1.1.1.1.", "", "-", "a..b",
    "xn--nxasmq6b", "\xe2\x91\xa0\xe2\x91\xa1.test"};

const char* const kSchemes[] = {"https://", "http://", "https://", "file://", "gopher://", "ftp://", "dict://", "data:", "javascript:", "//",
                                "", "HTTPS://", "https:/", "https:", "ldap://", "smb://", "unix://", "\thttps://"};

}  // namespace

uint64_t HostileSeed() {
  const char* text = std::getenv("HFGET_HOSTILE_SEED");
  uint64_t seed = 20240611;
  if (text != nullptr && !absl::SimpleAtoi(text, &seed)) std::abort();
  return seed;
}

struct HostileMaker::Row {
  std::string type = "file", path, size = "10", oid, lfs, more;
};

std::string HostileMaker::HexDigits(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "0123456789abcdef"[dice_.Up(0, 15)];
  return text;
}

std::string HostileMaker::Junk(int max_bytes) {
  std::string bytes(dice_.Up(0, max_bytes), '\0');
  for (char& c : bytes) c = static_cast<char>(dice_.Up(0, 255));
  return bytes;
}

std::string HostileMaker::Path() { return dice_.Odds(0.5) ? dice_.Of(kOddPaths) : dice_.Of(kWaysOut); }

std::string HostileMaker::Page(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) {
    texts.push_back(absl::StrCat(R"({"type":")", row.type, R"(","oid":")", row.oid, R"(","size":)", row.size, R"(,"path":")", row.path, "\"",
                                 row.lfs, row.more, "}"));
  }
  return absl::StrCat("[", absl::StrJoin(texts, ","), "]");
}

void HostileMaker::SpoilPath(std::vector<Row>& rows, Row& row, HostileListing& listing) {
  const std::string good = row.path;
  switch (dice_.Up(0, 9)) {
    case 0: case 1: case 2:
      row.path = dice_.Of(kWaysOut);
      break;
    case 3:
      row.path = absl::StrCat(good, "/", dice_.Odds(0.5) ? std::string(300, 'n') : std::string(256, 'n'));
      break;
    case 4:
      row.path.clear();
      while (row.path.size() < 5000) absl::StrAppend(&row.path, std::string(dice_.Up(1, 200), 'l'), "/");
      row.path += "x";
      break;
    case 5:
      row.path.clear();
      for (int i = dice_.Up(100, 1900); i >= 0; --i) row.path += "d/";
      row.path += "x";
      break;
    case 6:  // the same file twice
      rows.push_back(row);
      break;
    case 7:  // a file that is a folder elsewhere
      rows.push_back(row);
      rows.back().path = good + "/below/it";
      break;
    case 8:
      row.path = dice_.Of(kOddPaths);
      listing.what += " odd path";
      return;
    case 9:  // names that differ in case alone are two files here
      rows.push_back(row);
      rows.back().path = absl::StrReplaceAll(good, {{"f", "F"}});
      listing.what += " case clash";
      return;
  }
  listing.hopeless = true;
  listing.what += " way out";
}

void HostileMaker::SpoilSize(Row& row, HostileListing& listing) {
  row.size = dice_.Of(kSizes);
  if (dice_.Odds(0.2)) row.size = absl::StrCat("9", std::string(dice_.Up(16, 4000), '0'));
  listing.what += " size " + row.size.substr(0, 24);
  // An LFS row has another one, which counts; "-0" is a number like any other.
  listing.hopeless |= row.size != "-0" && !(row.size == "{}" || row.size == "[]") && row.type == "file";
}

void HostileMaker::SpoilHash(Row& row, HostileListing& listing) {
  const std::string bad[] = {"", "x", "../../../etc/passwd", HexDigits(39), HexDigits(41), HexDigits(63) + "g", "..", HexDigits(20) + "/" + HexDigits(19),
                             "\\u0000" + HexDigits(39), std::string(70000, 'a')};
  const std::string& hash = dice_.Of(bad);
  if (dice_.Odds(0.5))
    row.oid = hash;
  else
    row.lfs = absl::StrCat(R"(,"lfs":{"oid":")", hash, R"(","size":5})");
  listing.hopeless = true;
  listing.what += " hash";
}

void HostileMaker::Spoil(std::vector<Row>& rows, int which, HostileListing& listing) {
  Row& row = rows[which];
  const std::string types[] = {"symlink", "commit", "", "directory", "FILE", "\\u0000", std::string(1000, 't')};
  const std::string more[] = {R"(,"path":"../../x")", R"(,"lfs":[])", R"(,"lfs":"x")", R"(,"lfs":null)", R"(,"lfs":{"lfs":{"lfs":{}}})", R"(,"size":-1)",
                              R"(,"oid":"../x")", R"(,"symlink":"/etc/passwd","target":"../../x","mode":"120000")", R"(,"xetHash":"../x")",
                              R"(,"type":"symlink")", R"(,"security":{"a":[1,2,{"b":null}]})"};
  switch (dice_.Up(0, 5)) {
    case 0: case 1: return SpoilPath(rows, row, listing);
    case 2: return SpoilSize(row, listing);
    case 3: return SpoilHash(row, listing);
    case 4:
      row.type = dice_.Of(types);
      listing.what += " type";
      return;
    case 5:
      row.more = dice_.Of(more);
      listing.what += " more" + row.more;
      return;
  }
}

void HostileMaker::SpoilText(HostileListing& listing) {
  std::string& text = listing.pages[dice_.Up(0, static_cast<int>(listing.pages.size()) - 1)];
  listing.what += " text";
  const int where = dice_.Up(0, static_cast<int>(text.size()) - 1);
  switch (dice_.Up(0, 11)) {
    case 0: text.resize(where); break;
    case 1: text.insert(where, Junk(20)); break;
    case 2: text[where] = static_cast<char>(dice_.Up(0, 255)); break;
    case 3: text = "<!DOCTYPE html><html><title>Log in</title>" + Junk(200); break;
    case 4: text = std::string(dice_.Up(65, 100000), dice_.Odds(0.5) ? '[' : '{'); break;
    case 5: {
      std::string deep;
      for (int i = dice_.Up(65, 5000); i > 0; --i) deep += R"({"a":)";
      text = absl::StrCat("[", deep);
      break;
    }
    case 6: text = Junk(500); break;
    case 7: text = dice_.Odds(0.5) ? "null" : "{}"; break;
    case 8: text = "\xef\xbb\xbf" + text; break;
    case 9: text += text; break;
    case 10: text = "\x1f\x8b\x08" + Junk(300); break;
    case 11: text = absl::StrCat("[{\"type\":\"file\",\"path\":\"", std::string(dice_.Up(1000, 200000), 'p'), "\"}]"); break;
  }
}

HostileListing HostileMaker::Listing() {
  HostileListing listing;
  int count = 0;
  for (int page = dice_.Up(1, 3); page > 0; --page) {
    std::vector<Row> rows;
    for (int i = dice_.Up(1, 6); i > 0; --i) {
      Row row;
      row.path = absl::StrCat(dice_.Odds(0.4) ? "dir/" : "", "f", count++, ".bin");
      row.size = absl::StrCat(dice_.Up(0, 3000000));
      row.oid = HexDigits(40);
      if (dice_.Odds(0.4)) row.lfs = absl::StrCat(R"(,"lfs":{"oid":")", HexDigits(64), R"(","size":)", row.size, R"(,"pointerSize":134})");
      rows.push_back(row);
    }
    // No row twice: what the second does may mend what the first did.
    const int honest = static_cast<int>(rows.size());
    const int first = dice_.Up(0, honest - 1);
    if (dice_.Odds(0.6)) Spoil(rows, first, listing);
    if (honest > 1 && dice_.Odds(0.2)) Spoil(rows, (first + 1) % honest, listing);
    listing.pages.push_back(Page(rows));
  }
  if (dice_.Odds(0.15)) {
    SpoilText(listing);
    listing.hopeless = false;  // it may have hit what was bad
  }
  return listing;
}

std::string HostileMaker::Info() {
  const std::string shas[] = {kHostileCommit, kHostileCommit, kHostileCommit, HexDigits(40), HexDigits(39), "main", "../../../x", "", std::string(5000, 'a')};
  const std::string ids[] = {"org/model", "org/model", "org/other", "../../x", "..", "a/b/c", "\\u0000", std::string(300, 'x'), "victim/model", "\\u001b[31m"};
  const std::string tails[] = {"", R"(,"siblings":[{"rfilename":"../../x"}])", R"(,"private":true)", R"(,"gated":"\u001b")", R"(,"sha":7)", R"(,"id":[[]])"};
  std::string text = absl::StrCat(R"({"id":")", dice_.Of(ids), R"(","sha":")", dice_.Of(shas), "\"", dice_.Of(tails), "}");
  if (dice_.Odds(0.1)) text = Junk(300);
  if (dice_.Odds(0.05)) text = std::string(100000, '[');
  return text;
}

int HostileMaker::Status() {
  const int all[] = {200, 200, 200, 206, 206, 301, 302, 302, 303, 304, 307, 308, 300, 204, 400, 401, 403, 404, 410, 416, 418, 429, 500, 502, 503, 599, 100, 999};
  return dice_.Of(all);
}

std::string HostileMaker::Location() {
  const std::string paths[] = {"/x", "", "/org/model/resolve/main/x", "/../../x", "?q", "/a b", "/\xff", "/x?Signature=s3cret", "/\r\nX-Y: z"s, "/" + std::string(9000, 'p')};
  if (dice_.Odds(0.05)) return Junk(200);
  if (dice_.Odds(0.3)) return "https://cdn.test/x?Signature=s3cret";
  return absl::StrCat(dice_.Of(kSchemes), dice_.Of(kHosts), dice_.Odds(0.2) ? absl::StrCat(":", dice_.Up(-5, 70000)) : "", dice_.Of(paths));
}

std::string HostileMaker::Link() {
  const std::string tree = absl::StrCat("/api/models/org/model/tree/", kHostileCommit);
  const std::string targets[] = {absl::StrCat("https://huggingface.co", tree, "?cursor=", HexDigits(8)), absl::StrCat(tree, "?cursor=", HexDigits(8)), tree,
                                 absl::StrCat(tree, "?recursive=true&expand=false"), Location(), absl::StrCat("/x", tree, "?", std::string(9000, 'c')), "../../../x?y", ""};
  const std::string forms[] = {"<$>; rel=\"next\"", "<$>;rel=next", "<$>; rel=\"prev next\"", "<$", "$; rel=next", "<$>; rel=\"next", "<a>; rel=prev, <$>; rel=next",
                               "<$>; title=\"a,b;rel=next\"", "<$>; title=\"\\\"; rel=next", ",,,;;;<$>;;;,rel=next"};
  return absl::StrReplaceAll(dice_.Of(forms), {{"$", dice_.Of(targets)}});
}

std::string HostileMaker::Value(const std::string& header) {
  const std::string numbers[] = {"0", "1", "10", "1000", "-1", "+5", "9223372036854775807", "9223372036854775808", "1e3", "0x10", "1,2", " 7 ", "", "999999999999999999999"};
  const std::string etags[] = {"\"" + std::string(64, 'b') + "\"", "W/\"x\"", "\"", "W/", HexDigits(64), HexDigits(40), "../../x", "\"\x1b[31m\"", ""};
  const std::string ranges[] = {"bytes 100-199/1000", "bytes 100-199/1000", "bytes 0-999/1000", "bytes 100-199/*", "bytes 199-100/1000", "bytes 100-199/99",
                                "bytes -1-5/10", "bytes 0-9223372036854775807/*", "bytes 0-18446744073709551615/9", "bytes */1000", "items 1-2/3", "bytes 100-200/1000",
                                "bytes 100-199/1001", "bytes  100 - 199 / 1000", "bytes"};
  const std::string times[] = {"0", "5", "-5", "99999999999999999999", "Wed, 21 Oct 2099 07:28:00 GMT", "infinite-future", "tomorrow", "1.5", "Mon, 99 Foo 0000 99:99:99 GMT"};
  const std::string limits[] = {"\"resolvers\";r=0;t=240", "\"x\";r=-5;t=-5", "\"x\";r=0;t=99999999999999999999", "r=1", "\"\";r=1;t=1", "\"a\";r=0;t=1,\"b\";r=0;t=1e9", ";;;,,,\"\"\""};
  const std::string types[] = {"application/octet-stream", "text/html", "Text/HTML; charset=x", "application/json", "multipart/byteranges; boundary=x", "", ";;;", "application/xhtml+xml"};
  const std::string codings[] = {"identity", "gzip", "br", "chunked", "gzip, chunked", "deflate", "x-gzip", "", "chunked, identity"};
  const std::string words[] = {"EntryNotFound", "RepoNotFound", "RevisionNotFound", "GatedRepo", "Invalid credentials in Authorization header", "\x1b]0;pwned\x07", "a\xc2\x9b" "31m", "\xff\xfe",
                               std::string(5000, 'w'), "line one\r\nline two"};
  if (dice_.Odds(0.05)) return Junk(300);
  if (header == "location") return Location();
  if (header == "link") return Link();
  if (header == "etag" || header == "x-linked-etag") return dice_.Of(etags);
  if (header == "content-range") return dice_.Of(ranges);
  if (header == "retry-after") return dice_.Of(times);
  if (header == "ratelimit") return dice_.Of(limits);
  if (header == "content-type") return dice_.Of(types);
  if (header == "content-encoding" || header == "transfer-encoding") return dice_.Of(codings);
  if (header == "content-length" || header == "x-linked-size") return dice_.Of(numbers);
  if (header == "x-repo-commit") return dice_.Odds(0.5) ? kHostileCommit : Junk(60);
  return dice_.Of(words);
}

hub::HeaderFields HostileMaker::Headers() {
  const std::string names[] = {"location", "location", "link", "link", "etag", "x-linked-etag", "x-linked-size", "content-range", "content-range", "content-length", "retry-after",
                               "ratelimit", "content-type", "content-encoding", "transfer-encoding", "x-repo-commit", "x-error-code", "x-error-message", "x-request-id", "x-hf-warning"};
  hub::HeaderFields fields;
  for (int i = dice_.Odds(0.02) ? dice_.Up(20, 900) : dice_.Up(0, 8); i > 0; --i) {
    const std::string name = dice_.Of(names);
    fields.emplace_back(name, Value(name));
  }
  return fields;
}

}  // namespace hfget::testing
