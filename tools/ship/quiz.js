// The quiz of a page: choosing an answer shows why it is right or wrong. Without this script the explanations unfold.
for (const quiz of document.querySelectorAll(".facelm-quiz")) {
  quiz.classList.add("facelm-live");
  const questions = [...quiz.querySelectorAll("fieldset")], score = quiz.querySelector(".facelm-score");
  const first = new Map(); // question -> whether its first answer was right
  for (const question of questions) {
    const verdict = question.querySelector(".facelm-verdict");
    question.addEventListener("change", event => {
      const answer = event.target.closest(".facelm-answer"), right = answer.hasAttribute("data-right");
      verdict.replaceChildren(...answer.querySelector("details p").cloneNode(true).childNodes);
      verdict.dataset.state = right ? "right" : "wrong";
      if (!first.has(question)) first.set(question, right);
      if (first.size === questions.length)
        score.textContent = `${[...first.values()].filter(Boolean).length} of ${questions.length} right at the first try.`;
    });
  }
}
