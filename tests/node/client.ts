// What a TypeScript client may and may not write with the types generated from spec/openapi.yaml.
// Compiled and never run, next to the generated openapi.ts. Each `@ts-expect-error` is an error itself where the line compiles.
import type { components, operations, paths, webhooks } from "./openapi";

type Schemas = components["schemas"];

// A subject is enough; the rest is optional, and the values are the documented ones.
export const smallest: Schemas["ConversationCreate"] = { subject: "Do you ship to the Faroe Islands?" };
export const callback: Schemas["ConversationCreate"] = {
  subject: "Please call me",
  priority: "urgent",
  channel: "callback",
  metadata: { phone: "+46 8 465 004 12", order: { number: 1187, gift: false } },
};
// @ts-expect-error: the subject is required
export const withoutSubject: Schemas["ConversationCreate"] = { user_email: "customer@example.com" };
// @ts-expect-error: no such priority
export const unknownPriority: Schemas["ConversationCreate"] = { subject: "Help", priority: "asap" };
// @ts-expect-error: metadata is an object
export const textMetadata: Schemas["ConversationCreate"] = { subject: "Help", metadata: "phone" };
// @ts-expect-error: a message names its sender
export const withoutSender: Schemas["MessageCreate"] = { body: "Thank you!" };

// The requester may be missing, and so may the address.
export function addressOf(conversation: Schemas["Conversation"]): string {
  // @ts-expect-error: the requester may be null
  conversation.requester.email;
  return conversation.requester?.email ?? "anonymous";
}

// A new conversation is open, a resolved one closed, and both are conversations.
type Created = operations["createConversation"]["responses"][201]["content"]["application/json"];
type Resolved = operations["resolveConversation"]["responses"][200]["content"]["application/json"];
export function statuses(created: Created, resolved: Resolved): ["open", "closed"] {
  addressOf(created);
  addressOf(resolved);
  return [created.status, resolved.status];
}

// Lists are pages, and their filters are the documented ones.
type List = paths["/api/v1/conversations/"]["get"];
export const query: List["parameters"]["query"] = { status: "pending", user_email: "customer@example.com", limit: 5 };
// @ts-expect-error: no such status
export const unknownStatus: List["parameters"]["query"] = { status: "new" };
export function subjects(page: List["responses"][200]["content"]["application/json"]): string[] {
  return page.results.slice(0, page.count).map((conversation) => conversation.subject);
}

// Events are told apart by their names.
export function react(
  event: webhooks["message.created"]["post"]["requestBody"]["content"]["application/json"],
): "message.created" {
  event.message_id.trim();
  event.conversation.requester_email?.trim();
  return event.event;
}

// The documented refusal says why.
type Unauthenticated = operations["getConversation"]["responses"][401]["content"]["application/json"];
export const why = (refusal: Unauthenticated): string => refusal.detail;
