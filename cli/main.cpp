#include "cli/app.h"

int main(int argc, char** argv) { return llmops::run_app(argc, argv); }
