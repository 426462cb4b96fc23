// 10,000 listings of a hostile hub, through the dialect, the manifest and the plans of every layout. HFGET_HOSTILE_SEED=n
// makes others.
#include <ctime>
#include <set>

#include "absl/strings/str_split.h"
#include "daemon/hub/hf_dialect.h"
#include "daemon/hub/manifest_builder.h"
#include "daemon/layout/layout.h"
#include "gtest/gtest.h"
#include "tests/hostile/maker.h"
#include "tests/hostile/oracle.h"

namespace hfget::testing {
namespace {

constexpr char kRoot[] = "/home/user/cache";

// As the engine puts it together.
absl::StatusOr<std::shared_ptr<const hub::Manifest>> Read(const HostileListing& listing) {
  hub::ManifestBuilder builder({hub::RepoType::kModel, "org/model"}, kHostileCommit);
  for (const std::string& page : listing.pages) {
    auto rows = hub::ParseTreePage(page);
    if (!rows.ok()) return rows.status();
    if (absl::Status added = builder.AddPage(*std::move(rows)); !added.ok()) return added;
  }
  return builder.so_far();
}

class HostileListingTest : public ::testing::Test {
 protected:
  HostileListingTest() {
    const auto no_hash = [](FileSystem&, const std::string&, const ContentHash&) { return std::string(); };
    const auto name = [](absl::string_view) { return std::string(64, '0'); };
    const hub::RepoId repo{hub::RepoType::kModel, "org/model"};
    layouts_.push_back(layout::NewHfCacheLayout(kRoot, repo, kHostileCommit));
    layouts_.push_back(layout::NewLocalDirLayout(kRoot, repo, kHostileCommit, no_hash));
    layouts_.push_back(layout::NewModelScopeCacheLayout(kRoot, {repo.type, repo.name, hub::Hub::kModelScope}, "master", kHostileCommit, no_hash, name));
  }

  void ExpectSafe(const hub::Manifest& manifest) {
    std::set<std::string> files, folders;
    ByteCount total = 0;
    for (const hub::ManifestFile& file : manifest.files) {
      ExpectSafe(file);
      EXPECT_TRUE(files.insert(file.path).second) << "twice: " << file.path;
      for (size_t slash = file.path.find('/'); slash != std::string::npos; slash = file.path.find('/', slash + 1)) {
        folders.insert(file.path.substr(0, slash));
      }
      total += file.size;
    }
    for (const std::string& file : files) EXPECT_EQ(folders.count(file), 0u) << "a file and a folder: " << file;
    EXPECT_LE(total, ByteCount{1} << 60);
  }

  void ExpectSafe(const hub::ManifestFile& file) {
    EXPECT_GE(file.size, 0);
    EXPECT_LE(file.size, ByteCount{1} << 53);
    const std::string& hex = file.hash.hex;
    EXPECT_TRUE(hex.size() == 40 || hex.size() == 64);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos) << "it names the blob";
    for (const absl::string_view part : absl::StrSplit(file.path, '/')) {
      EXPECT_LE(part.size(), 255u);
      EXPECT_NE(part, ".git");
    }
    for (const auto& layout : layouts_) {
      for (const std::string& path : {layout->FinalPath(file), layout->PartialPath(file), layout->LockPath(file)}) {
        EXPECT_TRUE(path.empty() || StaysBelow(kRoot, path)) << path;
      }
    }
    // Nothing of ours may be a file of the repo.
    EXPECT_FALSE(absl::StartsWithIgnoreCase(file.path, ".hfget") || absl::StartsWithIgnoreCase(file.path, ".cache/huggingface/"));
  }

  std::vector<std::unique_ptr<layout::Layout>> layouts_;
};

TEST_F(HostileListingTest, IsRefusedInOneLineOrStaysInItsFolder) {
  const uint64_t seed = HostileSeed();
  int taken = 0, refused = 0, hopeless = 0;
  std::clock_t longest = 0;
  for (int i = 0; i < 10000 && !HasFailure(); ++i) {
    HostileMaker maker(seed + i);
    const HostileListing listing = maker.Listing();
    SCOPED_TRACE(absl::StrCat("seed ", seed + i, ":", listing.what));
    const std::clock_t begin = std::clock();
    const auto manifest = Read(listing);
    longest = std::max(longest, std::clock() - begin);
    hopeless += listing.hopeless;
    if (manifest.ok()) {
      ++taken;
      EXPECT_FALSE(listing.hopeless);
      ExpectSafe(**manifest);
    } else {
      ++refused;
      EXPECT_EQ(WrongWithLine(std::string(manifest.status().message())), "") << manifest.status();
    }
  }
  EXPECT_LT(longest, CLOCKS_PER_SEC) << "of processor time, for one listing";
  std::printf("seed %llu: %d listings taken, %d refused (%d of them for a certain reason), the longest took %.1f ms\n", static_cast<unsigned long long>(seed),
              taken, refused, hopeless, 1000.0 * longest / CLOCKS_PER_SEC);
  EXPECT_GT(taken, 1000) << "the maker makes nothing but rubbish";
  EXPECT_GT(hopeless, 1000);
}

TEST_F(HostileListingTest, NoNameOfARepoOrRevisionLeadsOut) {
  const uint64_t seed = HostileSeed();
  for (int i = 0; i < 10000 && !HasFailure(); ++i) {
    HostileMaker maker(seed + i);
    const auto info = hub::ParseInfo(maker.Info());
    SCOPED_TRACE(absl::StrCat("seed ", seed + i));
    if (!info.ok()) {
      EXPECT_EQ(WrongWithLine(std::string(info.status().message())), "");
      continue;
    }
    EXPECT_EQ(info->commit.size(), 40u);
    EXPECT_EQ(info->commit.find_first_not_of("0123456789abcdef"), std::string::npos);
    const std::string name = info->name.empty() ? "org/model" : info->name;
    const auto layout = layout::NewHfCacheLayout(kRoot, {hub::RepoType::kModel, name}, info->commit);
    EXPECT_TRUE(StaysBelow(kRoot, layout->SnapshotPath())) << layout->SnapshotPath();
  }
}

}  // namespace
}  // namespace hfget::testing
