// A page that is live: it asks where it comes from for the steps that follow, until the training ends.

const PAUSE = 300; // milliseconds

/** Take steps as they come. Whoever looks at the last one is shown the new one; others stay where they are. */
export async function follow(app) {
  const { told } = app.page;
  for (;;) {
    let answer;
    try {
      answer = await (await fetch(`since/${told.steps.length}`)).json();
    } catch {
      return app.say("The training has ended, or its program has; all steps that were shown are kept here.");
    }
    for (const { step, text, ranges } of answer.frames) {
      told.steps.push(step);
      app.texts.push(text);
      for (const name of ["values", "slopes"])
        ranges[name].forEach(([low, high], k) => {
          const known = told.ranges[name][k];
          [known[0], known[1]] = [Math.min(known[0], low), Math.max(known[1], high)];
        });
      told.ranges.median = ranges.median;
    }
    if (answer.frames.length) await app.lengthen(answer.frames.length);
    if (answer.done) return app.say("The training has ended; all steps that were shown are kept here.");
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}
