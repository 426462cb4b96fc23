// The thread that turns the engine.
#ifndef HFGET_DAEMON_ENGINE_ENGINE_THREAD_H_
#define HFGET_DAEMON_ENGINE_ENGINE_THREAD_H_

#include <thread>

#include "daemon/base/thread.h"
#include "daemon/engine/engine.h"

namespace hfget::engine {

// Runs from construction to destruction. Thread: made and destroyed by main.
class EngineThread {
 public:
  explicit EngineThread(Engine& engine) : engine_(engine), thread_([this] { Run(); }) {}
  // Stops the engine, waits until it has recorded what is there.
  ~EngineThread() {
    engine_.Stop();
    thread_.join();
  }

 private:
  void Run() {
    NameThread("engine");
    while (!engine_.stopped()) engine_.Turn(absl::Seconds(1));
  }

  Engine& engine_;
  std::thread thread_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_ENGINE_THREAD_H_
