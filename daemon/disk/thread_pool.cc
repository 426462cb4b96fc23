#include "daemon/disk/thread_pool.h"

#include <algorithm>
#include <utility>

#include "daemon/base/thread.h"

namespace hfget::disk {
namespace {

// Where cores are short, those who answer go first: work that waits here has buffers to wait in.
constexpr int kNice = 5;

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Post(Task task) {
  absl::MutexLock lock(&mu_);
  tasks_.push_back(std::move(task));
}

// While a task runs it may queue another, so the last thread leaves only when none runs.
bool ThreadPool::Due() const { return !tasks_.empty() || (stopping_ && running_ == 0); }

void ThreadPool::Work() {
  NameThread("disk");
  YieldToOthers(kNice);
  absl::MutexLock lock(&mu_);
  while (true) {
    mu_.Await(absl::Condition(this, &ThreadPool::Due));
    if (tasks_.empty()) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    ++running_;
    mu_.Unlock();
    task();
    task = nullptr;  // what it holds is dropped with no lock held
    mu_.Lock();
    --running_;
  }
}

}  // namespace hfget::disk
