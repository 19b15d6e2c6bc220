// A batch's rows → the bytes of milvus.proto's InsertRequest or UpsertRequest: heads are measured, cells are copied.
#pragma once
#include <string_view>

#include "node-api.h"
#include "queue.h"
#include "write-plan.h"

namespace sink {

/**
 * @param head fields of the request that stand before its columns
 * @param tail those behind num_rows
 * @throws std::logic_error when a row was made by another plan: its values would land in the wrong fields, and be taken
 */
Bytes EncodeWrite(const Batch& batch, const WritePlan& plan, std::string_view head, std::string_view tail);

/** Gives the memory of bodies that are not in use back. */
void TrimBodies();

}  // namespace sink
