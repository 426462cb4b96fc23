// Which version of records a store holds, and how an older one is brought up to date.
//
// The version stands twice: in the record m/schema, which changes in one write with what it speaks
// of, and in the file SCHEMA beside RocksDB's, which can be read by a hfgetd whose RocksDB
// understands nothing of the rest. A newer version is refused by either, before anything is opened
// for writing.
//
// Fields that this version does not know survive migration and salvage, which move values as they
// are; the engine, which writes records anew from what it knows, drops them. So a field that must
// not be dropped by an older hfgetd needs a new version.
#ifndef HFGET_DAEMON_STORE_SCHEMA_H_
#define HFGET_DAEMON_STORE_SCHEMA_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace hfget::store {

// From one version to the next. `changes` are written together with the new version, so a step
// either was done or was not: after a crash it is begun again from what it began with. A record
// that cannot be read is left as it is: it is left out at reading, and must not stop the daemon.
using MigrationStep = std::function<absl::Status(rocksdb::DB& db, rocksdb::WriteBatch& changes)>;

struct Schema {
  int version = 1;
  std::vector<MigrationStep> steps;  // [0] leads from 1 to 2; one fewer than `version`
};

// What this hfgetd writes: kSchemaVersion.
const Schema& CurrentSchema();

// Reads the file alone. Errors: FAILED_PRECONDITION for a newer version.
absl::Status CheckSchemaFile(rocksdb::Env* env, const std::string& folder, const Schema& schema);
// Reads the record alone. Errors: the same; DATA_LOSS when there are records and none is m/schema,
// or one that is damaged.
absl::Status CheckSchemaRecord(rocksdb::DB& db, const Schema& schema);

// The record of a store whose own is lost, as the file has it. A store without the file was made
// before there was one, and has version 1. Empty: not known.
std::string SchemaRecordByFile(rocksdb::Env* env, const std::string& folder);

// Makes record and file when absent, and takes the steps that are missing.
// REQUIRES: both are checked.
absl::Status BringUpToDate(rocksdb::DB& db, rocksdb::Env* env, const std::string& folder,
                           const Schema& schema);

}  // namespace hfget::store

#endif  // HFGET_DAEMON_STORE_SCHEMA_H_
