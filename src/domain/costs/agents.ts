/**
 * Sources that are coding agents of a person's own. What they cost at list prices is what their calls are worth;
 * who pays by a plan pays another sum.
 */
export const agentSources: readonly string[] = [
  'amp',
  'claude-code',
  'cline',
  'codex',
  'copilot',
  'cursor',
  'droid',
  'gemini-cli',
  'kimi',
  'opencode',
  'pi',
  'qwen-code',
]
