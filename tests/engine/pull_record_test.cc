#include "daemon/engine/pull_record.h"

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/fakes/status_matchers.h"

namespace hfget::engine {
namespace {

using testing::HasCode;
using records::v1::PullRecord;

PullRecord Good() {
  PullRecord record;
  record.set_id("p1");
  record.set_repo("org/name");
  record.set_revision("main");
  record.set_commit(std::string(40, 'a'));
  record.set_sequence(7);
  return record;
}

TEST(PullRecordTest, TakesWhatWasWritten) {
  EXPECT_OK(CheckPullRecord(Good()));
  PullRecord dataset = Good();
  dataset.set_repo_type(1);
  dataset.set_hub(1);
  dataset.set_state(8);
  dataset.set_error_cause(8);
  dataset.clear_commit();
  EXPECT_OK(CheckPullRecord(dataset));
  PullRecord paused = Good();
  paused.set_state(9);
  EXPECT_OK(CheckPullRecord(paused));
}

// The type is an index into names; it was read beyond their end.
TEST(PullRecordTest, RefusesWhatCannotBeTakenUp) {
  const std::vector<std::pair<const char*, std::function<void(PullRecord&)>>> kCases = {
      {"no id", [](PullRecord& r) { r.clear_id(); }},
      {"a type of another version", [](PullRecord& r) { r.set_repo_type(3); }},
      {"a negative type", [](PullRecord& r) { r.set_repo_type(-1); }},
      {"a hub of another version", [](PullRecord& r) { r.set_hub(2); }},
      {"a state of another version", [](PullRecord& r) { r.set_state(10); }},
      {"a cause of another version", [](PullRecord& r) { r.set_error_cause(13); }},
      {"a name that leads elsewhere", [](PullRecord& r) { r.set_repo("../x"); }},
      {"a revision that leads elsewhere", [](PullRecord& r) { r.set_revision("../../x"); }},
      {"a commit that is none", [](PullRecord& r) { r.set_commit("../x"); }},
      {"an order that cannot go on", [](PullRecord& r) { r.set_sequence(std::numeric_limits<int64_t>::max()); }},
      {"a priority that is none", [](PullRecord& r) { r.set_priority(std::numeric_limits<int32_t>::min()); }},
      {"negative bytes", [](PullRecord& r) { r.set_total_bytes(-1); }},
  };
  for (const auto& [what, spoil] : kCases) {
    PullRecord record = Good();
    spoil(record);
    EXPECT_THAT(CheckPullRecord(record), HasCode(absl::StatusCode::kInvalidArgument)) << what;
  }
}

}  // namespace
}  // namespace hfget::engine
