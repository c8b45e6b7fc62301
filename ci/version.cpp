namespace llmops {}
