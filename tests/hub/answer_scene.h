// One question to a source and its answer, for the tests of JudgeAnswer.
#ifndef HFGET_TESTS_HUB_ANSWER_SCENE_H_
#define HFGET_TESTS_HUB_ANSWER_SCENE_H_

#include <string>
#include <utility>

#include "daemon/hub/answer.h"

namespace hfget::hub {

inline const absl::Time kNow = absl::FromUnixSeconds(1790000000);
inline const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
inline const std::string kSha256(64, 'b');
inline const std::string kSha1(40, 'a');
inline const std::string kHub = "https://hub.example/org/m/resolve/" + kCommit + "/model.bin";
inline const std::string kCdn =
    "https://cdn.example/xet-bridge-us/x?Expires=1790003600&Signature=secret";

inline ManifestFile LargeFile() {
  ManifestFile file;
  file.path = "model.bin";
  file.size = 1000;
  file.hash = ContentHash::FromHex(kSha256);
  file.git_oid = kSha1;
  return file;
}

inline ManifestFile RegularFile(std::string path = "notes.txt") {
  ManifestFile file;
  file.path = std::move(path);
  file.size = 1000;
  file.hash = ContentHash::FromHex(kSha1);
  file.git_oid = kSha1;
  return file;
}

// One question and its answer; what is not said is the common case.
struct Scene {
  ManifestFile file = LargeFile();
  ByteRange range = {100, 200};
  std::string url = kHub;
  bool at_data_host = false;
  int hops = 0;
  Zone answerer = Zone::kPublic;
  Dialect dialect = Dialect::kHuggingFace;

  Answer Get(int status, const HeaderFields& headers = {}) const {
    Ask ask;
    ask.url = *ParseUrl(url);
    ask.range = range;
    ask.at_data_host = at_data_host;
    ask.commit = kCommit;
    ask.file = &file;
    ask.hops = hops;
    ask.answerer = answerer;
    ask.dialect = dialect;
    return JudgeAnswer(ask, status, headers, kNow);
  }
};

inline Scene Cdn() { return {.url = kCdn, .at_data_host = true, .hops = 1}; }
inline Scene Whole(ManifestFile file) {
  const ByteCount size = file.size;
  return {.file = std::move(file), .range = {0, size}};
}

}  // namespace hfget::hub

#endif  // HFGET_TESTS_HUB_ANSWER_SCENE_H_
