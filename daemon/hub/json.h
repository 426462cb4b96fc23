// JSON of a hub, read without trust: bounded depth, bounded memory, no exceptions.
#ifndef HFGET_DAEMON_HUB_JSON_H_
#define HFGET_DAEMON_HUB_JSON_H_

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace hfget::hub {

constexpr int kMaxJsonDepth = 64;
// The parser holds a string whole before anybody can look at it. Models' cards and templates are far shorter.
constexpr size_t kMaxJsonStringBytes = size_t{4} << 20;

// A small document as a tree: error bodies, policies. Discarded (is_discarded()) when it is not JSON, is longer than 64 KiB,
// or nests deeper than kMaxJsonDepth.
nlohmann::json ParseSmallJson(absl::string_view text);

// Walks a large document without building it, so that what a hub sends costs no more memory than what is kept of it.
// Subclasses take the values they know, by depth() and Key(), and ignore the rest.
class JsonWalker : private nlohmann::json_sax<nlohmann::json> {
 public:
  ~JsonWalker() override = default;

  // Errors: INVALID_ARGUMENT when it is not JSON, nests too deep, holds a string beyond kMaxJsonStringBytes, or Fail was
  // called.
  absl::Status Walk(absl::string_view text);

 protected:
  // Each returns false to stop; Fail does that. Opening: depth() counts the new container. Closing: it still does.
  virtual bool OnOpen(bool is_object) { return true; }
  virtual bool OnClose(bool is_object) { return true; }
  virtual bool OnString(std::string& value) { return true; }
  virtual bool OnInteger(int64_t value) { return true; }
  virtual bool OnBool(bool value) { return true; }
  virtual bool OnOther() { return true; }  // null, a fraction, an integer beyond int64

  int depth() const { return depth_; }  // containers that are open
  // The key in the open object at `level`; empty in an array. REQUIRES: 1 <= level <= 4.
  const std::string& Key(int level) const { return keys_[level]; }
  bool Fail(absl::string_view message);

 private:
  bool Open(bool is_object);
  bool Close(bool is_object);

  bool null() override { return OnOther(); }
  bool boolean(bool value) override { return OnBool(value); }
  bool number_integer(int64_t value) override { return OnInteger(value); }
  bool number_unsigned(uint64_t value) override;
  bool number_float(double, const std::string&) override { return OnOther(); }
  bool string(std::string& value) override { return OnString(value); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(true); }
  bool key(std::string& value) override;
  bool end_object() override { return Close(true); }
  bool start_array(size_t) override { return Open(false); }
  bool end_array() override { return Close(false); }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override;

  int depth_ = 0;
  std::array<std::string, 5> keys_;
  absl::Status status_;
};

}  // namespace hfget::hub

#endif  // HFGET_DAEMON_HUB_JSON_H_
