// Lets a completion find out that the object it was meant for is gone.
#ifndef HFGET_DAEMON_ENGINE_LIFETIME_H_
#define HFGET_DAEMON_ENGINE_LIFETIME_H_

#include <memory>
#include <utility>

namespace hfget::engine {

// A member, last of its class. Guard(f) is f while the member lives and nothing afterwards. The shared_ptr owns no object
// but the fact of being alive. Thread: the engine.
class Lifetime {
 public:
  template <typename F>
  auto Guard(F f) const {
    return [alive = std::weak_ptr<const bool>(alive_), f = std::move(f)](auto&&... args) mutable {
      if (!alive.expired()) f(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_LIFETIME_H_
