// 1 MiB buffers in a fixed number: the memory cap of the byte path, and by being empty its
// back-pressure.
#ifndef HFGET_DAEMON_DISK_BUFFER_POOL_H_
#define HFGET_DAEMON_DISK_BUFFER_POOL_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/base/types.h"

namespace hfget::disk {

class BufferPool;

// One piece's room. Movable; goes back to its pool when destroyed. Owns: its memory while alive.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { Release(); }

  explicit operator bool() const { return data_ != nullptr; }
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }  // bytes filled
  size_t room() const { return kPieceBytes - size_; }
  absl::string_view view() const { return {data_.get(), size_}; }

  // REQUIRES: bytes.size() <= room().
  void Append(absl::string_view bytes);
  void Resize(size_t size) { size_ = size; }
  void Release();

 private:
  friend class BufferPool;
  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  BufferPool* pool_ = nullptr;
};

// Thread: any. Outlives its buffers.
class BufferPool {
 public:
  explicit BufferPool(int buffers) : capacity_(buffers), available_(buffers) {}

  // An empty Buffer when none is left.
  Buffer TryTake();
  // Called, once, from the thread that gives back a buffer after TryTake failed; set before use.
  void OnAvailable(absl::AnyInvocable<void()> callback);

  int capacity() const { return capacity_; }
  int available() const;

 private:
  friend class Buffer;
  void GiveBack(std::unique_ptr<char[]> data);

  const int capacity_;
  absl::AnyInvocable<void()> on_available_;  // constant after OnAvailable
  mutable absl::Mutex mu_;
  std::vector<std::unique_ptr<char[]>> free_ ABSL_GUARDED_BY(mu_);
  int available_ ABSL_GUARDED_BY(mu_);
  bool wanted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_BUFFER_POOL_H_
