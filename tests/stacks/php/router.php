<?php
// A helpdesk in plain PHP on SQLite, as one would write it from the vendor's pages; a script for PHP's built-in server.
//
// The database's path and the keys come from the environment (see ../README.md). Each request runs all of this anew.

declare(strict_types=1);

const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
const CHANNELS = ['web', 'email', 'api', 'callback'];
const DEFAULT_LIMIT = 20;
const MAXIMUM_LIMIT = 100;

const SCHEMA = <<<SQL
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY,
        organization TEXT NOT NULL,
        email TEXT NOT NULL COLLATE NOCASE,
        first_name TEXT,
        last_name TEXT,
        UNIQUE (organization, email)
    );
    CREATE TABLE IF NOT EXISTS conversations (
        id INTEGER PRIMARY KEY,
        organization TEXT NOT NULL,
        number INTEGER NOT NULL,
        subject TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL DEFAULT 'open',
        priority TEXT NOT NULL,
        channel TEXT NOT NULL,
        metadata TEXT NOT NULL,
        requester_id INTEGER NOT NULL REFERENCES users,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        UNIQUE (organization, number)
    );
    CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY,
        conversation_id INTEGER NOT NULL REFERENCES conversations,
        sender_id INTEGER NOT NULL REFERENCES users,
        body TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
    SQL;

const CONVERSATIONS = <<<SQL
    FROM conversations c JOIN users u ON u.id = c.requester_id
    WHERE c.organization = :organization
    SQL;

final class Problem extends Exception
{
}

/** A response of RFC 9457. */
function send_problem(int $status, string $detail): never
{
    send($status, ['type' => 'about:blank', 'status' => $status, 'detail' => $detail], 'application/problem+json');
}

function send(int $status, array $body, string $type = 'application/json'): never
{
    http_response_code($status);
    header("Content-Type: $type");
    echo json_encode($body, JSON_THROW_ON_ERROR);
    exit;
}

// ---- The database ----

function database(): PDO
{
    static $database = null;
    if ($database === null) {
        $database = new PDO('sqlite:' . getenv('DATABASE'));
        $database->exec('PRAGMA journal_mode = WAL');
        $database->exec(SCHEMA);
    }
    return $database;
}

function query(string $sql, array $values): PDOStatement
{
    $statement = database()->prepare($sql);
    $statement->execute($values);
    return $statement;
}

/** Run a function while no other request writes. */
function alone(callable $function): mixed
{
    database()->exec('BEGIN IMMEDIATE');
    try {
        $result = $function();
        database()->exec('COMMIT');
        return $result;
    } catch (Throwable $error) {
        database()->exec('ROLLBACK');
        throw $error;
    }
}

function find_user(string $organization, string $email): array|false
{
    return query('SELECT * FROM users WHERE organization = ? AND email = ?', [$organization, $email])->fetch(PDO::FETCH_ASSOC);
}

function find_conversation(string $organization, string $id): array
{
    $sql = 'SELECT c.*, u.email, u.first_name, u.last_name ' . CONVERSATIONS . ' AND c.id = :id';
    $found = query($sql, ['organization' => $organization, 'id' => (int) $id])->fetch(PDO::FETCH_ASSOC);
    return $found ?: throw new Problem('No such conversation.', 404);
}

function shown(array $row): array
{
    return [
        'id' => (string) $row['id'],
        'number' => $row['number'],
        'subject' => $row['subject'],
        'description' => $row['description'],
        'status' => $row['status'],
        'priority' => $row['priority'],
        'channel' => $row['channel'],
        'metadata' => json_decode($row['metadata']),
        'requester' => ['email' => $row['email'], 'first_name' => $row['first_name'], 'last_name' => $row['last_name']],
        'created_at' => $row['created_at'],
        'updated_at' => $row['updated_at'],
    ];
}

// ---- What requests hold ----

/** The organization that the request's key belongs to, and whether it is a server key. */
function authenticate(): array
{
    $key = $_SERVER['HTTP_X_API_KEY'] ?? '';
    if ($key === '' && str_starts_with($_SERVER['HTTP_AUTHORIZATION'] ?? '', 'Bearer ')) {
        $key = substr($_SERVER['HTTP_AUTHORIZATION'], strlen('Bearer '));
    }
    $origin = $_SERVER['HTTP_ORIGIN'] ?? '';
    return match (true) {
        $key === '' || $key === getenv('REVOKED_KEY') => throw new Problem('Invalid or revoked API key.', 401),
        $key === getenv('SERVER_KEY') => ['ours', true],
        $key === getenv('CLIENT_KEY') => ['ours', false],
        $key === getenv('OTHER_SERVER_KEY') => ['theirs', true],
        $key === getenv('ORIGIN_CLIENT_KEY') && $origin === getenv('ORIGIN') => ['ours', false],
        default => throw new Problem('Invalid or revoked API key.', 401),
    };
}

function body(): stdClass
{
    try {
        $body = json_decode(file_get_contents('php://input'), flags: JSON_THROW_ON_ERROR, depth: 256);
    } catch (JsonException $error) {
        throw new Problem('The body is not JSON: ' . $error->getMessage(), 400);
    }
    return $body instanceof stdClass ? $body : throw new Problem('The body must be an object.', 400);
}

function text(stdClass $body, string $name): ?string
{
    $value = $body->$name ?? null;
    return $value === null || is_string($value) ? $value : throw new Problem("$name must be a string.", 400);
}

function required(stdClass $body, string $name): string
{
    return text($body, $name) ?? throw new Problem("$name is required.", 400);
}

function email(?string $address): ?string
{
    if ($address !== null && filter_var($address, FILTER_VALIDATE_EMAIL) === false) {
        throw new Problem('user_email is not an e-mail address.', 400);
    }
    return $address;
}

function one_of(array $values, ?string $value): string
{
    return in_array($value, $values, true) ? $value : throw new Problem('Choose one of ' . implode(', ', $values) . '.', 400);
}

/** A parameter of the query, or the default where it is missing or makes no sense. */
function whole_number(string $name, int $least, int $default): int
{
    $value = $_GET[$name] ?? null;
    return is_string($value)
        ? filter_var($value, FILTER_VALIDATE_INT, ['options' => ['min_range' => $least, 'default' => $default]])
        : $default;
}

// ---- The operations ----

function create_conversation(string $organization): never
{
    $body = body();
    $subject = required($body, 'subject');
    if (!preg_match('/^.{0,500}$/Dsu', $subject)) {
        throw new Problem('subject is too long.', 400);
    }
    $email = email(text($body, 'user_email'));
    $names = [text($body, 'user_first_name'), text($body, 'user_last_name')];
    $conversation = [
        'subject' => $subject,
        'description' => text($body, 'description'),
        'priority' => one_of(PRIORITIES, text($body, 'priority') ?? 'normal'),
        'channel' => one_of(CHANNELS, text($body, 'channel') ?? 'web'),
    ];
    $metadata = $body->metadata ?? new stdClass();
    if (!$metadata instanceof stdClass) {
        throw new Problem('metadata must be an object.', 400);
    }
    $conversation['metadata'] = json_encode($metadata) ?: throw new Problem('metadata: ' . json_last_error_msg(), 400);

    $id = alone(function () use ($organization, $email, $names, $conversation): string {
        $email ??= 'anonymous-' . bin2hex(random_bytes(8)) . '@users.invalid';
        $sql = 'INSERT INTO users (organization, email, first_name, last_name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
        query($sql, [$organization, $email, ...$names]);
        $sql = <<<SQL
            INSERT INTO conversations
                (organization, number, subject, description, priority, channel, metadata, requester_id, created_at, updated_at)
            SELECT :organization, COALESCE(MAX(number), 0) + 1, :subject, :description, :priority, :channel, :metadata, :requester,
                :now, :now
            FROM conversations WHERE organization = :organization
            SQL;
        $requester = find_user($organization, $email)['id'];
        query($sql, [...$conversation, 'organization' => $organization, 'requester' => $requester, 'now' => date(DATE_RFC3339)]);
        return database()->lastInsertId();
    });
    send(201, shown(find_conversation($organization, $id)));
}

/** The most urgent first, and of these the oldest. */
function list_conversations(string $organization): never
{
    $where = CONVERSATIONS;
    $values = ['organization' => $organization];
    foreach (['user_email' => 'u.email', 'status' => 'c.status'] as $parameter => $column) {
        if (is_string($_GET[$parameter] ?? null)) {
            $where .= " AND $column = :$parameter";
            $values[$parameter] = $_GET[$parameter];
        }
    }
    $order = "ORDER BY INSTR('urgent high normal low', c.priority), c.id LIMIT :limit OFFSET :offset";
    $paging = ['limit' => min(whole_number('limit', 1, DEFAULT_LIMIT), MAXIMUM_LIMIT), 'offset' => whole_number('offset', 0, 0)];
    $rows = query("SELECT c.*, u.email, u.first_name, u.last_name $where $order", [...$values, ...$paging])->fetchAll(PDO::FETCH_ASSOC);
    send(200, ['count' => query("SELECT COUNT(*) $where", $values)->fetchColumn(), 'results' => array_map('shown', $rows)]);
}

function list_messages(string $organization, string $id): never
{
    find_conversation($organization, $id);
    $sql = <<<SQL
        SELECT CAST(m.id AS TEXT) AS id, u.email AS sender_email, m.body, 'reply' AS message_type, m.created_at
        FROM messages m JOIN users u ON u.id = m.sender_id WHERE m.conversation_id = ? ORDER BY m.id
        SQL;
    $messages = query($sql, [(int) $id])->fetchAll(PDO::FETCH_ASSOC);
    send(200, ['count' => count($messages), 'results' => $messages]);
}

/** Only whom the organization knows may write, and only in conversations that are not closed. */
function create_message(string $organization, string $id): never
{
    $body = body();
    $text = required($body, 'body');
    $email = email(required($body, 'user_email'));
    $message = alone(function () use ($organization, $id, $text, $email): string {
        if (find_conversation($organization, $id)['status'] === 'closed') {
            throw new Problem('The conversation is closed.', 409);
        }
        $sender = find_user($organization, $email) ?: throw new Problem('There is no user of that address.', 400);
        $now = date(DATE_RFC3339);
        query('INSERT INTO messages (conversation_id, sender_id, body, created_at) VALUES (?, ?, ?, ?)', [$id, $sender['id'], $text, $now]);
        $message = database()->lastInsertId();
        query('UPDATE conversations SET updated_at = ? WHERE id = ?', [$now, $id]);
        return $message;
    });
    send(200, ['success' => true, 'message_id' => $message]);
}

function resolve(string $organization, string $id): never
{
    find_conversation($organization, $id);
    $sql = "UPDATE conversations SET status = 'closed', updated_at = ? WHERE id = ? AND status <> 'closed'";
    query($sql, [date(DATE_RFC3339), (int) $id]);
    send(200, shown(find_conversation($organization, $id)));
}

// ---- The way of a request ----

function route(string $method, string $path): never
{
    if ($method === 'OPTIONS') {
        http_response_code(204);
        exit;
    }
    if (!preg_match('~^/api/v1/conversations/(?:(create)/|(?:([^/]+)/(?:(messages|messages/create|resolve)/)?)?)$~D', $path, $parts)) {
        throw new Problem('There is no such page.', 404);
    }
    [$organization, $is_server_key] = authenticate();
    $id = $parts[2] ?? '';
    $operation = $method . ' ' . (($parts[1] ?? '') ?: ($id === '' ? 'list' : ($parts[3] ?? 'get')));
    if ($id !== '' && !ctype_digit($id)) {
        throw new Problem('An id is a number.', 400);
    }
    if ($operation === 'POST resolve' && !$is_server_key && getenv('DEFECT') !== 'client-resolves') {
        throw new Problem('Resolving takes a server key.', 401);
    }
    match ($operation) {
        'POST create' => create_conversation($organization),
        'GET list', 'HEAD list' => list_conversations($organization),
        'GET get', 'HEAD get' => send(200, shown(find_conversation($organization, $id))),
        'GET messages', 'HEAD messages' => list_messages($organization, $id),
        'POST messages/create' => create_message($organization, $id),
        'POST resolve' => resolve($organization, $id),
        default => throw new Problem("$method is not possible here.", 405),
    };
}

header('Access-Control-Allow-Origin: ' . (getenv('ORIGIN') ?: '*'));
header('Access-Control-Allow-Headers: Authorization, Content-Type, X-API-Key');
header('Access-Control-Allow-Methods: GET, POST');
header('Vary: Origin');
try {
    route($_SERVER['REQUEST_METHOD'], strtok($_SERVER['REQUEST_URI'], '?'));
} catch (Problem $problem) {
    send_problem($problem->getCode(), $problem->getMessage());
}
