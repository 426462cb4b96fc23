// What a simulated hub says in the ModelScope dialect. Source: tests/hub_server/MODELSCOPE.md.
#ifndef HFGET_TESTS_FAKES_FAKE_SCOPE_H_
#define HFGET_TESTS_FAKES_FAKE_SCOPE_H_

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tests/fakes/fake_repo.h"

namespace hfget::testing {

inline std::string ScopeRefusal(int64_t code) {
  return absl::StrFormat(R"({"Code":%d,"Message":"scripted refusal","RequestId":"r","Success":false})", code);
}

inline std::string ScopeSha256(const FakeFile& file) { return file.content.Hash(ContentHash::Kind::kSha256).hex; }

// nullptr: there is no such revision, which is listed as a success.
inline std::string ScopeListing(const FakeRepo* repo) {
  std::string rows;
  if (repo != nullptr) {
    for (const FakeFile& f : repo->files) {
      absl::StrAppend(&rows, rows.empty() ? "" : ",",
                      absl::StrFormat(R"({"Name":"%s","Path":"%s","Size":%d,"Type":"blob","Sha256":"%s","IsLFS":false})",
                                      f.path.substr(f.path.rfind('/') + 1), f.path, f.content.size(), ScopeSha256(f)));
    }
  }
  const std::string files = repo == nullptr ? "null" : absl::StrCat("[", rows, "]");
  return absl::StrCat(R"({"Code":200,"Data":{"Files":)", files, R"(},"Message":"success","RequestId":"r","Success":true})");
}

// Of an object at the data host; the hash of an object's path.
inline std::string ScopeObject(const FakeFile& file) {
  const std::string hex = ScopeSha256(file);
  return absl::StrCat("/prod/lfs-objects/", hex.substr(0, 2), "/", hex.substr(2, 2), "/", hex.substr(4));
}
inline std::string ScopeObjectHash(absl::string_view path) {
  return absl::ConsumePrefix(&path, "/prod/lfs-objects/") ? absl::StrReplaceAll(path, {{"/", ""}})
                                                          : std::string(absl::StripPrefix(path, "/"));
}

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_SCOPE_H_
