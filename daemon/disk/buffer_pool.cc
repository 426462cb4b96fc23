#include "daemon/disk/buffer_pool.h"

#include <cstring>

#include "absl/base/macros.h"

namespace hfget::disk {

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  Release();
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  pool_ = std::exchange(other.pool_, nullptr);
  return *this;
}

void Buffer::Append(absl::string_view bytes) {
  ABSL_ASSERT(bytes.size() <= room());
  std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::Release() {
  size_ = 0;
  if (data_ != nullptr) std::exchange(pool_, nullptr)->GiveBack(std::move(data_));
}

Buffer BufferPool::TryTake() {
  Buffer buffer;
  {
    absl::MutexLock lock(&mu_);
    if (available_ == 0) {
      wanted_ = true;
      return buffer;
    }
    --available_;
    if (!free_.empty()) {
      buffer.data_ = std::move(free_.back());
      free_.pop_back();
    }
  }
  // Not make_unique, which would write zeros to a MiB that is about to be overwritten.
  if (buffer.data_ == nullptr) buffer.data_.reset(new char[kPieceBytes]);
  buffer.pool_ = this;
  return buffer;
}

void BufferPool::OnAvailable(absl::AnyInvocable<void()> callback) {
  on_available_ = std::move(callback);
}

int BufferPool::available() const {
  absl::MutexLock lock(&mu_);
  return available_;
}

void BufferPool::GiveBack(std::unique_ptr<char[]> data) {
  bool wanted;
  {
    absl::MutexLock lock(&mu_);
    free_.push_back(std::move(data));
    ++available_;
    wanted = std::exchange(wanted_, false);
  }
  if (wanted && on_available_) on_available_();
}

}  // namespace hfget::disk
