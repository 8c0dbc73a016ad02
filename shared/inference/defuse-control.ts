/**
 * Owns breaking the control tokens of the usual templates in foreign text, for engines that apply a template of their own
 * and read such tokens anywhere: whoever writes one into a room must not end a message of the prompt with it.
 */
const CONTROL =
  /<[|｜][^|｜<>\s]{1,40}[|｜]>|<\/?(?:s|think|tool_call|tool_response)>|<<\/?SYS>>|<(?:start|end)_of_turn>|\[\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS)\]/g;

export function defuseControlTokens(text: string): string {
  return text.replace(CONTROL, (token) => `${token.slice(0, 1)} ${token.slice(1)}`);
}
