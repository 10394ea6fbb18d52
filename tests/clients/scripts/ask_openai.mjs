// OpenAI's own client for JavaScript: files, vector stores, chat completions and responses.
import fs from "node:fs";
import OpenAI from "openai";

const [url, , question, nextQuestion, path] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
const asked = { model: "docqa", messages: [{ role: "user", content: question }] };

async function library() {
  const file = await client.files.create({ file: fs.createReadStream(path), purpose: "assistants" });
  const store = await client.vectorStores.create({ name: "from-javascript" });
  const read = fs.createReadStream(path);
  const done = await client.vectorStores.files.uploadAndPoll(store.id, read, { pollIntervalMs: 50 });
  const found = await client.vectorStores.search(store.id, { query: question });
  return { file, store, done, found: found.data[0] };
}

async function chat() {
  const whole = await client.chat.completions.create(asked);
  const pieces = [];
  for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
    pieces.push(chunk.choices[0].delta.content ?? "");
  }
  const helped = await client.chat.completions.stream(asked).finalContent();
  return { whole: whole.choices[0].message, pieces, helped };
}

async function responses(store) {
  const tools = [{ type: "file_search", vector_store_ids: [store] }];
  const request = { model: "docqa", input: question, tools };
  const whole = await client.responses.create({ ...request, include: ["file_search_call.results"] });
  const pieces = [];
  const stream = client.responses.stream(request).on("response.output_text.delta", (event) => pieces.push(event.delta));
  const streamed = await stream.finalResponse();
  const next = await client.responses.create({ ...request, input: nextQuestion, previous_response_id: whole.id });
  return { whole, pieces, streamed, next };
}

async function background() {
  const { id, status: first } = await client.responses.create({ model: "docqa", input: question, background: true });
  let now = await client.responses.retrieve(id);
  while (["queued", "in_progress"].includes(now.status)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    now = await client.responses.retrieve(id);
  }
  await client.responses.delete(id);
  return { first, last: now.status, text: now.output_text, gone: await statusOf(client.responses.retrieve(id)) };
}

async function remove(store, file) {
  await client.vectorStores.delete(store);
  await client.files.delete(file);
  return [await statusOf(client.vectorStores.retrieve(store)), await statusOf(client.files.retrieve(file))];
}

async function statusOf(refused) {
  try {
    await refused;
    return 200;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return error.status;
  }
}

const made = await library();
const content = await (await client.files.content(made.file.id)).text();
const models = (await client.models.list()).data.map((model) => model.id);
const said = { ...made, content, models, chat: await chat(), responses: await responses(made.store.id) };
said.background = await background();
said.removed = await remove(made.store.id, made.file.id);
console.log(JSON.stringify(said));
