// A helpdesk in Express, as one would write it from the vendor's pages: the framework's defaults, and maps for a store.
//
// The port and the keys come from the environment (see ../README.md). It prints its URL once it listens.

import { randomBytes } from 'node:crypto';
import cors from 'cors';
import express from 'express';

const { PORT = '0', DEFECT, SERVER_KEY, CLIENT_KEY, REVOKED_KEY, OTHER_SERVER_KEY, ORIGIN_CLIENT_KEY, ORIGIN } = process.env;

const STATUSES = ['open', 'pending', 'resolved', 'closed'];
const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
const CHANNELS = ['web', 'email', 'api', 'callback'];
const ROBOT = 'helpdesk@robots.example.com';

const organization = () => ({ lastNumber: 1000, users: new Map(), conversations: new Map() });
const ours = organization();
const keys = new Map([
  [SERVER_KEY, { organization: ours, kind: 'server' }],
  [CLIENT_KEY, { organization: ours, kind: 'client' }],
  [REVOKED_KEY, { organization: ours, kind: 'server', revoked: true }],
  [OTHER_SERVER_KEY, { organization: organization(), kind: 'server' }],
  [ORIGIN_CLIENT_KEY, { organization: ours, kind: 'client', origins: [ORIGIN] }],
]);
keys.delete(undefined);

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.response = { status, body: { code, detail } };
  }
}

const invalid = (field, detail) => new Refusal(422, `invalid_${field}`, `${field} ${detail}`);
const newId = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;
const now = () => new Date().toISOString();

// ---- What requests may hold ----

function members(body, allowed) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(422, 'invalid_body', 'Send a JSON object.');
  const unknown = Object.keys(body).find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw new Refusal(422, 'unknown_field', `There is no field ${unknown}.`);
  return body;
}

function text(body, field, { required = false, longest = Infinity } = {}) {
  const value = body[field];
  if (value === undefined && !required) return undefined;
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  if (required && value.trim() === '') throw invalid(field, 'must not be blank');
  if (value.length > longest) throw invalid(field, `must not be longer than ${longest} characters`);
  return value;
}

function oneOf(values, source, field, otherwise) {
  const value = source[field];
  if (value === undefined) return otherwise;
  if (!values.includes(value)) throw invalid(field, `must be one of ${values.join(', ')}`);
  return value;
}

function paging({ limit = '20', offset = '0' }) {
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100) throw new Refusal(400, 'invalid_limit', 'limit is 1 to 100');
  if (!/^\d{1,9}$/.test(offset)) throw new Refusal(400, 'invalid_offset', 'offset is 0 or more');
  return { limit: Number(limit), offset: Number(offset) };
}

function page(req, items, show) {
  const { limit, offset } = paging(req.query);
  const results = items.slice(offset, offset + limit).map(show);
  return { count: DEFECT === 'count' ? results.length : items.length, limit, offset, results };
}

// ---- What the store holds ----

// People are told apart by their address in lower case; those without one are new each time.
function findOrAddUser({ users }, email, first_name = '', last_name = '') {
  const address = email?.toLowerCase();
  if (users.has(address)) return users.get(address);
  const user = { email: address ?? null, first_name, last_name };
  if (address) users.set(address, user);
  return user;
}

function addMessage(conversation, sender_email, body, message_type) {
  const message = { id: newId('msg'), sender_email, body, message_type, created_at: now() };
  conversation.messages.push(message);
  conversation.updated_at = message.created_at;
  return message;
}

function shown({ messages, ...conversation }) {
  return { ...conversation, message_count: messages.length };
}

// ---- The middleware ----

function authenticate(req, res, next) {
  const bearer = /^Bearer +(\S+)$/i.exec(req.get('Authorization') ?? '');
  const key = keys.get(req.get('X-API-Key') ?? bearer?.[1]);
  if (!key || key.revoked) throw new Refusal(401, 'unauthorized', 'Invalid or revoked API key.');
  // Apps and back ends send no Origin.
  const origin = req.get('Origin');
  if (key.origins && origin && !key.origins.includes(origin)) throw new Refusal(403, 'origin', 'This key may not be used from there.');
  req.key = key;
  next();
}

function serverKeyOnly(req, res, next) {
  if (req.key.kind !== 'server') throw new Refusal(403, 'forbidden', 'Only server keys may resolve conversations.');
  next();
}

function find(req, res, next) {
  req.conversation = req.key.organization.conversations.get(req.params.id);
  if (!req.conversation) throw new Refusal(404, 'not_found', 'There is no such conversation.');
  next();
}

// ---- The routes ----

const conversations = express.Router();

conversations.post('/create', (req, res) => {
  const fields = ['subject', 'user_email', 'description', 'user_first_name', 'user_last_name', 'priority', 'channel', 'metadata'];
  const body = members(req.body, fields);
  const subject = text(body, 'subject', { required: true, longest: 500 }).trim();
  const email = text(body, 'user_email')?.trim() || undefined;
  const description = text(body, 'description');
  const names = [text(body, 'user_first_name')?.trim(), text(body, 'user_last_name')?.trim()];
  const priority = oneOf(PRIORITIES, body, 'priority', 'normal');
  const channel = oneOf(CHANNELS, body, 'channel', 'api');
  const { metadata = {} } = body;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) throw invalid('metadata', 'must be an object');

  const { organization } = req.key;
  const requester = findOrAddUser(organization, email, ...names);
  const number = ++organization.lastNumber;
  const time = now();
  const times = { created_at: time, updated_at: time };
  const conversation = { id: newId('conv'), number, subject, status: 'open', priority, channel, metadata, requester, ...times, messages: [] };
  if (description) addMessage(conversation, requester.email, description, 'description');
  organization.conversations.set(conversation.id, conversation);
  res.status(201).json(shown(conversation));
});

// What moved last comes first.
conversations.get('/', (req, res) => {
  const { user_email } = req.query;
  const status = oneOf(STATUSES, req.query, 'status');
  if (user_email !== undefined && typeof user_email !== 'string') throw invalid('user_email', 'must be given once');
  const found = [...req.key.organization.conversations.values()]
    .filter((conversation) => status === undefined || conversation.status === status)
    .filter(({ requester }) => user_email === undefined || requester.email === user_email.toLowerCase())
    .sort((one, other) => other.updated_at.localeCompare(one.updated_at) || other.number - one.number);
  res.json(page(req, found, shown));
});

conversations.get('/:id', find, (req, res) => {
  res.json(shown(req.conversation));
});

conversations.get('/:id/messages', find, (req, res) => {
  res.json(page(req, req.conversation.messages, (message) => message));
});

// The requester's message opens the conversation again; anybody else's waits for the requester.
conversations.post('/:id/messages/create', find, (req, res) => {
  const { conversation } = req;
  const fields = members(req.body, ['body', 'user_email']);
  const body = text(fields, 'body', { required: true });
  const sender = findOrAddUser(req.key.organization, text(fields, 'user_email', { required: true }).trim());
  const message = addMessage(conversation, sender.email, body, 'reply');
  conversation.status = sender === conversation.requester ? 'open' : 'pending';
  res.status(201).json({ message, conversation: shown(conversation) });
});

conversations.post('/:id/resolve', serverKeyOnly, find, (req, res) => {
  const { conversation } = req;
  if (conversation.status === 'closed') throw new Refusal(409, 'closed', 'This conversation is closed.');
  conversation.status = 'closed';
  addMessage(conversation, ROBOT, 'The conversation was closed.', 'system');
  res.json(shown(conversation));
});

const app = express();
app.use(cors());
app.use(express.json());
app.use('/api/v1/conversations', authenticate, conversations);
// Errors of Express itself, a body that is not JSON for instance, keep its own page.
app.use((error, req, res, next) => {
  if (!(error instanceof Refusal)) return next(error);
  return res.status(error.response.status).json(error.response.body);
});

const server = app.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
