#include "daemon/rpc/finding_reactor.h"

#include <utility>

namespace hfget::rpc {

void FindingReactor::Begin(const std::map<std::string, std::string>& environment) {
  v1::DiagnoseResponse response;
  for (const auto& [name, value] : environment) (*response.mutable_environment())[name] = ValidUtf8(value);
  Push(std::move(response));
}

void FindingReactor::OnFinding(const hub::Finding& finding) {
  v1::DiagnoseResponse response;
  *response.mutable_finding() = ToProto(finding);
  Push(std::move(response));
}

}  // namespace hfget::rpc
