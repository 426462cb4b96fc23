#include "daemon/disk/buffer_pool.h"

#include "gtest/gtest.h"

namespace hfget::disk {
namespace {

TEST(BufferPool, GivesOutNoMoreThanItsCapacity) {
  BufferPool pool(2);
  Buffer a = pool.TryTake();
  Buffer b = pool.TryTake();
  EXPECT_TRUE(a);
  EXPECT_TRUE(b);
  EXPECT_FALSE(pool.TryTake());
  EXPECT_EQ(pool.available(), 0);
}

TEST(BufferPool, TakesBackOnDestruction) {
  BufferPool pool(1);
  { Buffer a = pool.TryTake(); }
  EXPECT_EQ(pool.available(), 1);
  EXPECT_TRUE(pool.TryTake());
}

TEST(BufferPool, CallsOnceAfterSomebodyWentAway) {
  BufferPool pool(2);
  int calls = 0;
  pool.OnAvailable([&] { ++calls; });
  {
    Buffer a = pool.TryTake();
    Buffer b = pool.TryTake();
  }
  EXPECT_EQ(calls, 0) << "nobody had been refused";
  {
    Buffer a = pool.TryTake();
    Buffer b = pool.TryTake();
    EXPECT_FALSE(pool.TryTake());
  }
  EXPECT_EQ(calls, 1);
}

TEST(BufferPool, CallbackFindsTheBuffer) {
  BufferPool pool(1);
  Buffer taken;
  pool.OnAvailable([&] { taken = pool.TryTake(); });
  Buffer a = pool.TryTake();
  EXPECT_FALSE(pool.TryTake());
  a.Release();
  EXPECT_TRUE(taken);
}

TEST(Buffer, MovesItsBytesAndIsEmptyAfterwards) {
  BufferPool pool(1);
  Buffer a = pool.TryTake();
  a.Append("abc");
  a.Append("def");
  Buffer b = std::move(a);
  EXPECT_EQ(b.view(), "abcdef");
  EXPECT_FALSE(a);  // NOLINT: the point
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(b.room(), static_cast<size_t>(kPieceBytes) - 6);
  EXPECT_EQ(pool.available(), 0);
}

TEST(Buffer, ComesEmptyFromThePoolAgain) {
  BufferPool pool(1);
  Buffer a = pool.TryTake();
  a.Append("abc");
  a.Release();
  Buffer b = pool.TryTake();
  EXPECT_EQ(b.size(), 0u);
}

}  // namespace
}  // namespace hfget::disk
