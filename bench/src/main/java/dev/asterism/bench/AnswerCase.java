package dev.asterism.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// How long a cold node takes to answer a question from an image it has never seen.
///
/// @param image its name without the tag
/// @param question the program and its arguments; prints a line
record AnswerCase(String image, List<String> question) implements Case {
  AnswerCase {
    question = List.copyOf(question);
  }

  @Override
  public String name() {
    return "answer-" + image;
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    String tag = image + ":1-esgz";
    Contents contents = run.registry().contents(tag);
    String reference = run.registry().reference(tag);
    try (Node node = run.coldNode(snapshotter, tag)) {
      Transfer before = run.registry().transfer();
      long begin = System.nanoTime();
      node.pull(reference);
      Node.Answer answer = node.answer(reference, question, run.registry()::transfer);
      Transfer transfer = answer.transfer().since(before);
      Duration time = Duration.ofNanos(answer.time() - begin);
      run.add(Measure.ANSWER, image, snapshotter, time);
      double percent = 100.0 * transfer.bytes() / contents.compressedSize();
      run.add(Measure.ANSWER_BYTES, image, snapshotter, percent);
      run.add(Measure.ANSWER_REQUESTS, image, snapshotter, (double) transfer.requests());
    }
  }
}
