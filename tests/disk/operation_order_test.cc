#include "daemon/disk/operation_order.h"

#include <string>

#include "gtest/gtest.h"

namespace hfget::disk {
namespace {

using Kind = OperationOrder::Kind;

class OperationOrderTest : public ::testing::Test {
 protected:
  Task Note(std::string name) {
    return [this, name] { ran_ += name; };
  }
  void Run(std::vector<Task> tasks) {
    for (Task& task : tasks) task();
  }

  OperationOrder order_;
  std::string ran_;
};

TEST_F(OperationOrderTest, DoesNotWaitForNothing) {
  Run(order_.AfterWrites(Note("s")));
  Run(order_.AfterAll(Note("c")));
  EXPECT_EQ(ran_, "sc");
}

TEST_F(OperationOrderTest, WaitsForEarlierWritesOnly) {
  const auto first = order_.Begin(Kind::kWrite);
  Run(order_.AfterWrites(Note("s")));
  const auto later = order_.Begin(Kind::kWrite);
  Run(order_.End(later));
  EXPECT_EQ(ran_, "");
  Run(order_.End(first));
  EXPECT_EQ(ran_, "s");
}

TEST_F(OperationOrderTest, DoesNotStarveUnderAStreamOfWrites) {
  const auto first = order_.Begin(Kind::kWrite);
  Run(order_.AfterWrites(Note("s")));
  const auto second = order_.Begin(Kind::kWrite);
  Run(order_.End(first));
  EXPECT_EQ(ran_, "s") << "the second write is still under way";
  Run(order_.End(second));
}

TEST_F(OperationOrderTest, AfterWritesIgnoresOtherOperations) {
  const auto read = order_.Begin(Kind::kOther);
  Run(order_.AfterWrites(Note("s")));
  EXPECT_EQ(ran_, "s");
  Run(order_.End(read));
}

TEST_F(OperationOrderTest, AfterAllIsLast) {
  const auto write = order_.Begin(Kind::kWrite);
  const auto sync = order_.Begin(Kind::kOther);
  Run(order_.AfterWrites(Note("s")));
  Run(order_.AfterAll(Note("c")));
  Run(order_.End(write));
  EXPECT_EQ(ran_, "s");
  Run(order_.End(sync));
  EXPECT_EQ(ran_, "sc");
}

}  // namespace
}  // namespace hfget::disk
