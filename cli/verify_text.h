// What a verification says, in words. Pure.
#ifndef HFGET_CLI_VERIFY_TEXT_H_
#define HFGET_CLI_VERIFY_TEXT_H_

#include <string>

#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// "good", "missing", "unnamed", "wrong-size", "corrupt", "unreadable", "no-hash".
const char* VerdictName(v1::FileVerdict::Verdict verdict);
bool IsBad(v1::FileVerdict::Verdict verdict);

// "corrupt  model.safetensors: its content is …".
std::string VerdictText(const v1::FileVerdict& verdict);
// While it goes on: "checking org/model: 3.1 of 14 GiB, 5 of 12 files, 1.2 GiB/s".
std::string VerifyProgressText(const v1::Manifest& manifest, const v1::VerifyProgress& progress);
// "org/model at 0123456789ab: 11 files are as listed, 1 is not (14 GiB read)".
std::string VerifySummaryText(const v1::Manifest& manifest, const v1::VerifySummary& summary);

}  // namespace hfget::cli

#endif  // HFGET_CLI_VERIFY_TEXT_H_
