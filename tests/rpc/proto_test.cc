// The API's form: how things are named, and that nothing of what clients have been built against is gone. What the proto has grown is
// taken into tests/rpc/data/api_v1 with HFGET_UPDATE_BASELINE=1, which never takes a line out.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

const FileDescriptor& File() { return *v1::Pull::descriptor()->file(); }

void Collect(const Descriptor& message, std::vector<const Descriptor*>& messages, std::vector<const EnumDescriptor*>& enums) {
  messages.push_back(&message);
  for (int i = 0; i < message.enum_type_count(); ++i) enums.push_back(message.enum_type(i));
  for (int i = 0; i < message.nested_type_count(); ++i) {
    if (!message.nested_type(i)->options().map_entry()) Collect(*message.nested_type(i), messages, enums);
  }
}

struct Api {
  std::vector<const Descriptor*> messages;
  std::vector<const EnumDescriptor*> enums;
  std::vector<const MethodDescriptor*> methods;

  Api() {
    for (int i = 0; i < File().message_type_count(); ++i) Collect(*File().message_type(i), messages, enums);
    for (int i = 0; i < File().enum_type_count(); ++i) enums.push_back(File().enum_type(i));
    for (int i = 0; i < File().service_count(); ++i) {
      for (int j = 0; j < File().service(i)->method_count(); ++j) methods.push_back(File().service(i)->method(j));
    }
  }
};

std::string TypeOf(const FieldDescriptor& field) {
  const std::string name = field.message_type() != nullptr ? std::string(field.message_type()->full_name())
                           : field.enum_type() != nullptr  ? std::string(field.enum_type()->full_name())
                                                           : std::string(field.type_name());
  if (field.is_map()) {
    return absl::StrCat("map<", TypeOf(*field.message_type()->field(0)), ",", TypeOf(*field.message_type()->field(1)), ">");
  }
  return absl::StrCat(field.is_repeated() ? "repeated " : "", name);
}

// A line for everything that a client may have been built against.
std::set<std::string> Lines() {
  const Api api;
  std::set<std::string> lines;
  for (const Descriptor* message : api.messages) {
    lines.insert(absl::StrCat("message ", message->full_name()));
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      lines.insert(absl::StrCat("field ", message->full_name(), " ", field.number(), " ", field.name(), " ", TypeOf(field)));
    }
  }
  for (const EnumDescriptor* type : api.enums) {
    for (int i = 0; i < type->value_count(); ++i) {
      lines.insert(absl::StrCat("value ", type->full_name(), " ", type->value(i)->number(), " ", type->value(i)->name()));
    }
  }
  for (const MethodDescriptor* method : api.methods) {
    lines.insert(absl::StrCat("rpc ", method->full_name(), " ", method->client_streaming() ? "stream " : "", method->input_type()->full_name(),
                              " returns ", method->server_streaming() ? "stream " : "", method->output_type()->full_name()));
  }
  return lines;
}

std::set<std::string> Baseline() {
  std::ifstream file(HFGET_API_BASELINE);
  std::set<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.insert(line);
  return lines;
}

TEST(ProtoTest, NothingThatClientsWereBuiltAgainstIsGone) {
  const std::set<std::string> now = Lines();
  std::set<std::string> baseline = Baseline();
  for (const std::string& line : baseline) EXPECT_EQ(now.count(line), 1u) << "broken: " << line;
  if (std::getenv("HFGET_UPDATE_BASELINE") == nullptr) return;
  baseline.insert(now.begin(), now.end());
  std::ofstream file(HFGET_API_BASELINE);
  for (const std::string& line : baseline) file << line << "\n";
}

TEST(ProtoTest, WhatIsNewIsTakenIntoTheBaseline) {
  const std::set<std::string> baseline = Baseline();
  ASSERT_GT(baseline.size(), 100u);
  for (const std::string& line : Lines()) EXPECT_EQ(baseline.count(line), 1u) << line << ": run rpc_test with HFGET_UPDATE_BASELINE=1";
}

bool IsPascal(const std::string& name) {
  return absl::ascii_isupper(name[0]) && std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c); });
}

bool IsSnake(const std::string& name) {
  return absl::ascii_islower(name[0]) && !absl::StrContains(name, "__") &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

// "PullState" -> "PULL_STATE_".
std::string PrefixOf(const std::string& name) {
  std::string prefix;
  for (const char c : name) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

TEST(ProtoTest, NamesFollowTheStyle) {
  const Api api;
  EXPECT_EQ(File().package(), "hfget.v1");
  for (const Descriptor* message : api.messages) {
    EXPECT_TRUE(IsPascal(message->name())) << message->full_name();
    for (int i = 0; i < message->field_count(); ++i) EXPECT_TRUE(IsSnake(message->field(i)->name())) << message->field(i)->full_name();
  }
  for (const EnumDescriptor* type : api.enums) {
    EXPECT_TRUE(IsPascal(type->name())) << type->full_name();
    const std::string prefix = PrefixOf(type->name());
    EXPECT_EQ(type->FindValueByNumber(0)->name(), prefix + "UNSPECIFIED") << type->full_name();
    for (int i = 0; i < type->value_count(); ++i) {
      EXPECT_TRUE(absl::StartsWith(type->value(i)->name(), prefix)) << type->value(i)->full_name();
    }
  }
}

TEST(ProtoTest, EveryCallHasARequestAndAResponseOfItsOwn) {
  std::set<std::string> used;
  for (const MethodDescriptor* method : Api().methods) {
    EXPECT_TRUE(IsPascal(method->name()));
    EXPECT_EQ(method->input_type()->name(), method->name() + "Request");
    EXPECT_EQ(method->output_type()->name(), method->name() + "Response");
    EXPECT_TRUE(used.insert(method->input_type()->name()).second);
    EXPECT_TRUE(used.insert(method->output_type()->name()).second);
  }
}

// A number, unless it says what it counts, has its unit in its name.
TEST(ProtoTest, RatesAndSizesNameTheirUnit) {
  for (const Descriptor* message : Api().messages) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      const std::string& name = field.name();
      if (absl::StrContains(name, "rate") && field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !absl::StrContains(name, "rate_limited")) {
        EXPECT_TRUE(absl::EndsWith(name, "_per_sec")) << field.full_name();
      }
      EXPECT_FALSE(absl::EndsWith(name, "_ms") || absl::EndsWith(name, "_time")) << field.full_name() << ": use Duration or Timestamp";
    }
  }
}

}  // namespace
}  // namespace hfget::rpc
