// Repositories whose bytes are a function of the offset, with the hashes that a hub would list.
#ifndef HFGET_TESTS_FAKES_FAKE_REPO_H_
#define HFGET_TESTS_FAKES_FAKE_REPO_H_

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "daemon/base/content_hash.h"
#include "daemon/base/types.h"
#include "daemon/disk/digest.h"
#include "daemon/hub/manifest.h"
#include "daemon/hub/repo_id.h"

namespace hfget::testing {

// Bytes that need no room of their own: every content is a window into one table, at a place that its salt chooses.
class FakeContent {
 public:
  FakeContent() = default;
  FakeContent(uint32_t salt, ByteCount size) : salt_(salt), size_(size) {}

  ByteCount size() const { return size_; }

  // At most kWindow bytes, fewer at the end.
  absl::string_view View(ByteCount offset, ByteCount bytes) const {
    const ByteCount n = std::max<ByteCount>(0, std::min({bytes, kWindow, size_ - offset}));
    return absl::string_view(Table().data() + (salt_ * kStride + offset) % kPeriod, n);
  }
  // Whether `bytes` are those that belong at `offset`.
  bool Matches(ByteCount offset, absl::string_view bytes) const {
    if (offset + static_cast<ByteCount>(bytes.size()) > size_) return false;
    while (!bytes.empty()) {
      const absl::string_view want = View(offset, bytes.size());
      if (bytes.substr(0, want.size()) != want) return false;
      offset += want.size();
      bytes.remove_prefix(want.size());
    }
    return true;
  }
  // Remembered for the life of the process: simulations use the same contents again and again.
  ContentHash Hash(ContentHash::Kind kind) const {
    static auto* known = new std::map<std::tuple<ContentHash::Kind, uint32_t, ByteCount>, ContentHash>;
    ContentHash& hash = (*known)[{kind, salt_, size_}];
    if (hash.kind != ContentHash::Kind::kNone) return hash;
    disk::FileHasher hasher(kind, size_);
    while (hasher.hashed_bytes() < size_) hasher.Update(View(hasher.hashed_bytes(), kWindow));
    return hash = hasher.Result();
  }

 private:
  static constexpr ByteCount kWindow = 64 * kKiB;
  // Not a multiple of a piece, so that no piece looks like another of its file.
  static constexpr ByteCount kPeriod = 17 * kMiB + 12345;
  static constexpr ByteCount kStride = 7 * kMiB / 4 + 77;

  static const std::string& Table() {
    static const std::string* table = [] {
      auto* bytes = new std::string(kPeriod + kWindow, '\0');
      uint64_t state = 0x9e3779b97f4a7c15;
      for (ByteCount i = 0; i < kPeriod; ++i) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        (*bytes)[i] = static_cast<char>(state >> 32);
      }
      std::copy_n(bytes->begin(), kWindow, bytes->begin() + kPeriod);
      return bytes;
    }();
    return *table;
  }

  ByteCount salt_ = 0;
  ByteCount size_ = 0;
};

struct FakeFile {
  std::string path;
  FakeContent content;
  bool lfs = true;

  ContentHash hash() const {
    return content.Hash(lfs ? ContentHash::Kind::kSha256 : ContentHash::Kind::kGitSha1);
  }
};

// One repo at one commit.
struct FakeRepo {
  hub::RepoId id{hub::RepoType::kModel, "org/model"};
  std::string commit = std::string(40, 'a');
  std::vector<FakeFile> files;
  bool gated = false;
  bool is_private = false;
  std::string token;  // whose account has access

  void Add(std::string path, ByteCount size, bool lfs = true) {
    files.push_back({std::move(path), FakeContent(static_cast<uint32_t>(files.size()), size), lfs});
  }
  const FakeFile* Find(absl::string_view path) const {
    for (const FakeFile& file : files) {
      if (file.path == path) return &file;
    }
    return nullptr;
  }
  const FakeFile* FindByHash(absl::string_view hex) const {
    for (const FakeFile& file : files) {
      if (file.hash().hex == hex) return &file;
    }
    return nullptr;
  }
  ByteCount total() const {
    ByteCount bytes = 0;
    for (const FakeFile& file : files) bytes += file.content.size();
    return bytes;
  }

  std::string InfoJson() const {
    std::string siblings;
    for (const FakeFile& f : files) absl::StrAppend(&siblings, siblings.empty() ? "" : ",", R"({"rfilename":")", f.path, R"("})");
    return absl::StrFormat(R"({"id":"%s","sha":"%s","private":%s,"gated":%s,"disabled":false,"siblings":[%s]})", id.name,
                           commit, is_private ? "true" : "false", gated ? "\"auto\"" : "false", siblings);
  }
  // Rows [begin, end) of the tree.
  std::string TreeJson(size_t begin, size_t end) const {
    std::string json = "[";
    for (size_t i = begin; i < std::min(end, files.size()); ++i) {
      const FakeFile& f = files[i];
      const std::string lfs =
          !f.lfs ? "" : absl::StrFormat(R"(,"lfs":{"oid":"%s","size":%d,"pointerSize":134})", f.hash().hex, f.content.size());
      absl::StrAppend(&json, i > begin ? "," : "",
                      absl::StrFormat(R"({"type":"file","oid":"%s","size":%d,"path":"%s"%s})",
                                      f.lfs ? std::string(40, 'f') : f.hash().hex, f.content.size(), f.path, lfs));
    }
    return json + "]";
  }
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_REPO_H_
