#pragma once
#include <string_view>

#include "datasets/text/value.h"

namespace llmops {

// This machine as far as it matters to times: processor, cores, and the NVIDIA cards with their
// driver where /proc tells of them. Members that cannot be read are left out.
Object hardware_fingerprint();

// Whether a server at that URL answers on this machine, whose hardware its times then depend on.
bool served_here(std::string_view base_url);

}  // namespace llmops
