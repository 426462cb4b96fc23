// Findings for people. Pure.
#ifndef HFGET_CLI_DOCTOR_TEXT_H_
#define HFGET_CLI_DOCTOR_TEXT_H_

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

struct DoctorStyle {
  bool color = false;
  bool unicode = true;  // ✓ ! ✗, else ok ! x
  int width = 0;        // of the terminal; 0: lines are not broken
};

// A group for each subject, in the order of their first findings; below a finding that is not well what was seen and what
// mends it, unless the same was said of another subject before. The last line says whether a pull would work.
std::string DoctorText(const std::vector<v1::Finding>& findings, const DoctorStyle& style);

// {"works", "repo", "findings": [{"severity", "check", "cause", "subject", "message", "evidence", "fix"}]}.
std::string DoctorJson(const std::vector<v1::Finding>& findings, const std::string& repo);

// Whether a pull would work: nothing is a problem, and the daemon says so.
bool PullWorks(const std::vector<v1::Finding>& findings);
// 0 only when it would; else what the pull would end with.
ExitCode ExitCodeOf(const std::vector<v1::Finding>& findings);

}  // namespace hfget::cli

#endif  // HFGET_CLI_DOCTOR_TEXT_H_
