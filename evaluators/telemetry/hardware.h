#pragma once
#include "datasets/text/value.h"

namespace llmops {

// This machine as far as it matters to times: processor, cores, and the NVIDIA cards with their
// driver where /proc tells of them. Members that cannot be read are left out.
Object hardware_fingerprint();

}  // namespace llmops
