#include "daemon/rpc/postman.h"

#include <utility>

#include "daemon/base/thread.h"

namespace hfget::rpc {

Postman::~Postman() {
  {
    absl::MutexLock lock(&mu_);
    over_ = true;
  }
  thread_.join();
}

void Postman::Call(std::shared_ptr<Reader> reader) {
  absl::MutexLock lock(&mu_);
  waiting_.push_back(std::move(reader));
}

void Postman::Run() {
  NameThread("postman");
  SnapshotBytes bytes;
  const auto called = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return over_ || !waiting_.empty(); };
  while (true) {
    std::vector<std::shared_ptr<Reader>> readers;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&called));
      if (over_) return;
      readers.swap(waiting_);
    }
    for (const auto& reader : readers) reader->Deliver(bytes);
  }
}

}  // namespace hfget::rpc
