# %% [markdown]
# # Squeeze and excitation
#
# **After this notebook you can**
#
# - derive a squeeze-and-excitation gate, compute it, and write it as a layer;
# - say why its bottleneck has two layers, and count what it costs for any reduction $r$;
# - write `senet_blob`, the SE-ResNet module, in Keras, and show why the scale stands *before* the addition;
# - switch the gates of a trained network on and off, and measure what they contribute.
#
# **Time:** READING_MINUTES minutes to read, COMPUTING_SECONDS seconds to compute.
# The exercises take about 30 minutes, the questions 10.
# **Needs:** [notebook 01](01_measuring_error.ipynb), and a basic understanding of convolutions.
# Answers are in the SOLUTIONS_LINK.

# %% [markdown] lang="zh"
# # 压缩与激励
#
# **学完本节，你能够**
#
# - 推导压缩与激励门，计算它，并写成一个层；
# - 说明瓶颈结构为何用两层，并对任意缩减比 $r$ 算出它的代价；
# - 用 Keras 写出 SE-ResNet 模块 `senet_blob`，并说明缩放为何在*相加之前*；
# - 打开和关闭训练好的网络中的门，衡量它们的贡献。
#
# **时间：** 阅读约 READING_MINUTES 分钟，计算约 COMPUTING_SECONDS 秒。练习约 30 分钟，思考题约 10 分钟。**准
# 备：** [notebook 01](01_measuring_error.ipynb)，以及对卷积的基本了解。答案见 SOLUTIONS_LINK。

# %%
import numpy as np
from scipy.special import expit as sigmoid
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from facelm_helpers.quiet import tensorflow as tf  # isort: skip
import keras
from keras import layers

from facelm_helpers import methods, metrics, networks, plots, se, sources, training, widgets
from facelm_helpers.checks import squeeze_and_excitation as check
from facelm_helpers.geometry import yaw
from facelm_helpers.layers import convolve

plots.setup()

# %% [markdown]
# ## What a convolution cannot do
#
# Inside a network a picture becomes a tensor $u$ of shape $(H, W, C)$: $C$ **channels**, each a map of
# where one pattern was found. A convolution mixes them with *fixed* weights. It
# cannot say: "this face is in the dark, so trust soft edges less, *everywhere*."
#
# **Squeeze and excitation** ([Hu, Shen and Sun, 2018](https://doi.org/10.1109/CVPR.2018.00745)) adds just
# that: for each channel a factor between 0 and 1, its **gate**, computed from the *whole* image. It is a
# form of **attention** over channels.
#
# ## Step 1: squeeze
#
# Each channel becomes one number, its mean over all pixels (global average pooling):
#
# $$z_c = \frac{1}{HW} \sum_{i=1}^{H} \sum_{j=1}^{W} u_c(i, j)$$
#
# A tensor small enough to follow by hand: $H = W = 3$, $C = 8$. One channel finds its pattern everywhere, one
# nowhere.

# %% [markdown] lang="zh"
# ## 卷积做不到什么
#
# 在网络内部，图像变成形状为 $(H, W, C)$ 的张量 $u$：$C$ 个**通道**，每个通道是一张图，表示某种模式出现在何
# 处。卷积以*固定*的权重混合各通道。它无法表达：“这张脸在暗处，*各处*都应少相信弱边缘。”
#
# **压缩与激励**（[Hu, Shen and Sun, 2018](https://doi.org/10.1109/CVPR.2018.00745)）增加的正是这一点：为每个
# 通道给出一个 0 到 1 之间的系数，即它的**门**，由*整张*图像算出。它是通道上的一种**注意力**。
#
# ## 第 1 步：压缩
#
# 每个通道变成一个数，即它在所有像素上的均值（全局平均池化）：
#
# $$z_c = \frac{1}{HW} \sum_{i=1}^{H} \sum_{j=1}^{W} u_c(i, j)$$
#
# 取一个小到可以手算的张量：$H = W = 3$，$C = 8$。有一个通道处处都有响应，有一个处处没有。

# %%
rng = np.random.default_rng(53)
u = rng.integers(0, 10, size=(3, 3, 8)).astype("float32") / 10
u[..., 2], u[..., 5] = 0.9, 0
z = u.mean(axis=(0, 1))
z.round(2)

# %% [markdown]
# ## Step 2: excite
#
# Two fully connected layers turn the $C$ means into $C$ gates. The first, $W_1$, narrows to $C / r$
# numbers, followed by a ReLU, $\delta(x) = \max(0, x)$; the second, $W_2$, widens to $C$ again, followed by
# a sigmoid, $\sigma(x) = 1 / (1 + e^{-x})$:
#
# $$s = \sigma\big(W_2\, \delta(W_1 z)\big), \qquad
# W_1: \tfrac{C}{r} \times C, \qquad W_2: C \times \tfrac{C}{r}$$
#
# $r$ is the **reduction**: 16 in the paper and in this course, 4 for our eight channels. A network would
# learn $W_1$ and $W_2$; we draw them.

# %% [markdown] lang="zh"
# ## 第 2 步：激励
#
# 两个全连接层把 $C$ 个均值变成 $C$ 个门。第一层 $W_1$ 降到 $C / r$ 个数，后接
# ReLU，$\delta(x) = \max(0, x)$；第二层 $W_2$ 升回 $C$ 个数，后接 sigmoid，$\sigma(x) = 1 / (1 + e^{-x})$：
#
# $$s = \sigma\big(W_2\, \delta(W_1 z)\big), \qquad
# W_1: \tfrac{C}{r} \times C, \qquad W_2: C \times \tfrac{C}{r}$$
#
# $r$ 是**缩减比**：论文和本课程取 16，这里的八个通道取 4。网络会学习 $W_1$ 和 $W_2$；这里随机抽取。

# %%
C, r = 8, 4
W1 = rng.normal(0, 2, size=(C // r, C)).astype("float32")
W2 = rng.normal(0, 1, size=(C, C // r)).astype("float32")
hidden = np.maximum(W1 @ z, 0)
s = sigmoid(W2 @ hidden)
print("after the ReLU:", hidden.round(2))
print("the gates s:   ", s.round(2))

# %% [markdown]
# ## Step 3: scale
#
# All pixels of channel $c$ are multiplied by its gate, shown above each map: $x_c = s_c\, u_c$.

# %% [markdown] lang="zh"
# ## 第 3 步：缩放
#
# 缩放（即特征重标定）：通道 $c$ 的所有像素都乘以它的门（标在各图上方）：$x_c = s_c\, u_c$。

# %%
x = s * u
plots.show(plots.channel_maps({"u": u, "x = s u": x}, {"u": [f"{gate:.2f}" for gate in s]}))
# ALT Eight small maps of nine grey pixels, the channels of u, with their gates from 0 to 1 above them; below
# ALT each the same map multiplied by its gate. Maps with small gates have become dark, those with gates near
# ALT 1 look the same.

# %% [markdown]
# ## The same, as a layer
#
# In Keras it takes four layers. With our weights it must give our $x$. (Keras multiplies from the other side,
# hence the transposes, and adds biases, here 0.)

# %% [markdown] lang="zh"
# ## 写成一个层
#
# 在 Keras 中需要四层。使用同样的权重，它应给出同样的 $x$。（Keras 从另一侧相乘，因此要转置；还会加上偏置，这
# 里为 0。）


# %%
def gate(net, reduction=16):
    channels = net.shape[-1]
    z = layers.GlobalAveragePooling2D()(net)
    hidden = layers.Dense(channels // reduction, "relu")(z)
    s = layers.Dense(channels, "sigmoid")(hidden)
    return layers.Reshape((1, 1, channels))(s)  # ready to be multiplied


# %%
image = keras.Input((3, 3, C))
layer = keras.Model(image, image * gate(image, r))
layer.set_weights([W1.T, np.zeros(C // r), W2.T, np.zeros(C)])
difference = np.abs(layer(u[None]).numpy()[0] - x).max()
print("equal to 1e-6:", difference < 1e-6)

# %% [markdown]
# ### Exercise 1 ★
#
# Networks work on batches: from `u` of shape (N, H, W, C), compute the gates, of shape (N, C). With a row
# for each image, $W_1 z$ becomes `z @ W1.T`.

# %% [markdown] lang="zh"
# ### 练习 1 ★
#
# 网络按批处理：由形状为 (N, H, W, C) 的 `u` 计算形状为 (N, C) 的门。每张图像占一行时，$W_1 z$ 变为
# `z @ W1.T`。


# %% tags=["exercise"]
def gates_of(u, W1, W2):
    # SOLUTION
    z = u.mean(axis=(1, 2))
    return sigmoid(np.maximum(z @ W1.T, 0) @ W2.T)
    # END SOLUTION
    # STUB z = ...
    # STUB return ...


# %%
check.gates(gates_of)

# %% [markdown]
# ## Why two layers?
#
# One layer would also turn $C$ numbers into $C$ gates, $s = \sigma(W z)$. The bottleneck has two advantages.
# First, **it can represent what one layer cannot.** With one layer a gate only ever rises, or only ever
# falls, with a channel's mean. Two layers can represent the rule "open where *exactly one* of two channels is
# active", since $|a - b| = \delta(a - b) + \delta(b - a)$; the best single layer, fitted here, cannot:

# %% [markdown] lang="zh"
# ## 为什么用两层？
#
# 一层也能把 $C$ 个数变成 $C$ 个门：$s = \sigma(W z)$。瓶颈结构有两个好处。第一，**它能表示一层表示不了
# 的规则。** 只用一层时，门随某个通道的均值只会单调上升或单调下降。两层可以表示“两个通道中*恰有一个*有响应时
# 打开”这样的规则，因为 $|a - b| = \delta(a - b) + \delta(b - a)$；而这里拟合出的最佳单层做不到：

# %%
Z = np.stack(np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41)), axis=-1).reshape(-1, 2)
wanted = np.abs(Z[:, 0] - Z[:, 1]) > 0.4
one = LogisticRegression().fit(Z, wanted).predict_proba(Z)[:, 1]  # sigmoid(W z + b), fitted
two = sigmoid(30 * np.maximum(Z @ [[1, -1], [-1, 1]], 0).sum(axis=1) - 12)
maps = {"the rule": wanted, "one layer": one, "two layers": two}
plots.show(plots.rule_maps(maps, "mean of channel 1", "mean of channel 2"))
# ALT Three squares over the means of two channels. The rule is bright in two opposite corners. One layer
# ALT gives nearly one colour everywhere, two layers the bright corners.

# %% [markdown]
# Second, **it is cheaper.** One layer has $C^2$ weights; $W_1$ and $W_2$ together have

# %% [markdown] lang="zh"
# 第二，**它更省。** 一层有 $C^2$ 个权重；$W_1$ 和 $W_2$ 合计有

# %%
for C in (64, 256, 512):
    one, two = C * C, 2 * C * C // 16
    print(f"C = {C}: one layer {one:7,} weights, two layers 2 C^2 / r = {two:6,}, {one // two} times fewer")

# %% [markdown]
# ## What it costs, in a whole network
#
# Each block of the course's network has a gate. `networks.cost` counts the parameters of every layer, and its
# *multiply-adds* (MACs, multiply-accumulate operations: one is two FLOPs), the work for one image. What do
# gates add, for reductions from 2 to 32?

# %% [markdown] lang="zh"
# ## 放进整个网络，代价是多少
#
# 课程所用网络的每个模块都有一个门。`networks.cost` 统计每层的参数量，以及处理一张图像的计算量，即*乘加次
# 数*（MAC，一次等于两个 FLOP）。缩减比从 2 到 32，门分别增加多少？


# %%
def totals(reduction):
    rows = networks.cost(networks.senet(**(shipped | {"reduction": reduction})))
    return np.array([sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")])


shipped = methods.load("senet").architecture()
plain = totals(None)
reductions = [2, 4, 8, 16, 32]
added = [totals(r) / plain - 1 for r in reductions]
print(f"without gates: {plain[0]:,} parameters, {plain[1] / 1e6:.1f} million multiply-adds")
plots.show(plots.gate_cost(reductions, *np.transpose(added)))
# ALT Two bar charts over the reductions 2, 4, 8, 16 and 32. Added parameters halve with each step, from
# ALT nearly half of the network to a few percent. Added multiply-adds stay at two percent or less.

# %% [markdown]
# The gates' *work* is small at any $r$: squeeze and scale touch each number once, where a convolution sums
# over all channels. Their *parameters* are many at small $r$. The paper found about the same accuracy for 4
# to 16.
#
# ## The modules
#
# A gate can follow anything that outputs channels. In **SE-Inception** it scales the whole output of the
# module. **SE-ResNet** has a **shortcut**, which adds the input to what the convolutions make, the *residual
# branch*; the gate scales that branch only. On the right is what it does *not* do.

# %% [markdown] lang="zh"
# 无论 $r$ 取多少，门的*计算量*都很小：压缩和缩放对每个数只处理一次，而卷积要对所有通道求和。$r$ 小时，门的*参
# 数量*很大。论文发现 4 到 16 的精度大致相同。
#
# ## 两种模块
#
# 任何输出多通道特征图的部分之后都可以接门。在 **SE-Inception** 中，门对模块的整个输出做缩放。**SE-ResNet** 有
# **跳连**，把输入加到卷积的结果（*残差分支*）上；门只对这一分支做缩放。最右边画的是它*没有*采用的做法。

# %%
plots.show(plots.se_modules())
# ALT Three diagrams. SE-Inception: four parallel branches are joined; a gate, orange, of global pooling, two
# ALT fully connected layers, ReLU and sigmoid, scales the result. SE-ResNet: the residual branch is scaled by
# ALT its gate, and then the green shortcut is added. Third: the shortcut is added first and the sum is
# ALT scaled.

# %% [markdown]
# ### Exercise 2 ★★
#
# Write the SE-ResNet module. (The networks below are built with your function once it is right; before, with
# the course's.)
#
# 1. Keep the input aside: `kept`, with `in_dim` channels.
# 2. 1x1 to a quarter of `on_dim`; 3x3, with as many; 1x1 to `on_dim`, *without* an activation.
#    `convolve(net, channels, kernel)` is a convolution, batch normalisation and a ReLU;
#    `activation=None` leaves the ReLU out.
# 3. Where `stride` is more than 1, shrink the branch and `kept`: `layers.AveragePooling2D(stride)`.
# 4. Where `in_dim` is not `on_dim`, bring `kept` to `on_dim` by a 1x1 convolution without an activation.
# 5. Multiply the branch by its gate, add `kept`, and last a ReLU, `layers.Activation("relu")`.

# %% [markdown] lang="zh"
# ### 练习 2 ★★
#
# 写出 SE-ResNet 模块。（通过检查之后，下面的网络用你的函数搭建；在此之前用课程自带的函数。）
#
# 1. 把输入另存为 `kept`，它有 `in_dim` 个通道。
# 2. 1x1 卷积降到 `on_dim` 的四分之一；3x3 卷积，通道数不变；1x1 卷积升到 `on_dim`，*不加*激活函
#    数。`convolve(net, channels, kernel)` 依次为卷积、批归一化和 ReLU；`activation=None` 去掉 ReLU。
# 3. 若 `stride` 大于 1，对分支和 `kept` 都做下采样：`layers.AveragePooling2D(stride)`。
# 4. 若 `in_dim` 不等于 `on_dim`，用不加激活函数的 1x1 卷积把 `kept` 变到 `on_dim`。
# 5. 分支乘以它的门，加上 `kept`，最后是 ReLU，即 `layers.Activation("relu")`。


# %% tags=["exercise"]
def senet_blob(net, in_dim, on_dim, stride):
    kept = net
    # SOLUTION
    net = convolve(net, on_dim // 4, 1)
    net = convolve(net, on_dim // 4, 3)
    net = convolve(net, on_dim, 1, activation=None)
    if stride > 1:
        net = layers.AveragePooling2D(stride)(net)
        kept = layers.AveragePooling2D(stride)(kept)
    if in_dim != on_dim:
        kept = convolve(kept, on_dim, 1, activation=None)
    net = net * gate(net)
    return layers.Activation("relu")(net + kept)
    # END SOLUTION
    # STUB net = convolve(net, on_dim // 4, 1)
    # STUB ...
    # STUB return ...


# %%
check.senet_blob(senet_blob)

# %%
blob = check.ready(senet_blob, check.senet_blob)  # yours, once it passes
image = keras.Input((16, 16, 64))
for name, output in {"SE-Inception": se.se_inception(image, 64), "SE-ResNet": blob(image, 64, 64, 1)}.items():
    model = keras.Model(image, output)
    in_gate = sum(row["parameters"] for row in networks.cost(model) if row["kind"] == "Dense")
    print(f"{name:12} {model.count_params():6,} parameters, {in_gate} of them in the gate")

# %% [markdown]
# ## Why before the addition?
#
# $F_l$ is the residual branch of block $l$, $s_l$ its gate. Scaled **on the branch**:
#
# $$x_{l+1} = x_l + s_l F_l(x_l), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = 1 + \dots$$
#
# However many blocks follow, the 1 carries the gradient back. (A `senet_blob` also has a ReLU after the
# addition, which blocks the gradient where its output is 0; the 1 is exact without it.) Scaled **on the main
# path**:
#
# $$x_{l+1} = s_l \big(x_l + F_l(x_l)\big), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = s_l\,(1 + \dots)$$
#
# (taking $s_l$ as fixed). Now *every* path is multiplied by every gate. A sigmoid starts near 0.5, and
# $0.5^{32}$ is less than a billionth.
#
# ## The experiment
#
# Untrained networks of 4 to 32 blobs, with the gate at either place: the input is noise, the target other
# noise, and we measure the gradient of the first layer, the *stem*. Once without **batch normalisation**,
# which brings each channel to mean 0 and variance 1 over the batch (`training=False` leaves it out: its
# averages are still 0 and 1), and once with it. **Predict first:** what will the curves do?

# %% [markdown] lang="zh"
# ## 为什么在相加之前？
#
# 设 $F_l$ 为第 $l$ 个模块的残差分支，$s_l$ 为它的门。缩放**在分支上**：
#
# $$x_{l+1} = x_l + s_l F_l(x_l), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = 1 + \dots$$
#
# 后面无论有多少个模块，式中的 1 都会把梯度传回来。（`senet_blob` 在相加之后还有一个 ReLU，输出为 0 处梯度被截
# 断；没有它时，1 才严格成立。）缩放**在主干上**：
#
# $$x_{l+1} = s_l \big(x_l + F_l(x_l)\big), \qquad
# \frac{\partial x_{l+1}}{\partial x_l} = s_l\,(1 + \dots)$$
#
# （把 $s_l$ 视为常数。）这时*每一条*通路都要乘以每一个门。sigmoid 的初值接近 0.5，而 $0.5^{32}$ 不到十亿分之
# 一。
#
# ## 实验
#
# 未训练的网络，含 4 到 32 个模块，门放在两处之一：输入是噪声，目标是另一份噪声，测量第一层（*stem*）的梯度。
# 一次不用**批归一化**（它把每个通道在一批内变为均值 0、方差 1；`training=False` 使它不起作用，因为其滑动平均
# 仍为 0 和 1），一次使用。**先预测：** 曲线会怎样？


# %%
def on_main(net, in_dim, on_dim, stride):
    """The mistake: the gate scales the sum."""
    return se.senet_blob(net, in_dim, on_dim, stride, gate_at="main")


def deep(blobs, build):
    net = image = keras.Input((16, 16, 3))
    net = convolve(net, 16, 3, name="stem")
    for _ in range(blobs):
        net = build(net, 16, 16, 1)
    net = layers.GlobalAveragePooling2D()(net)
    return keras.Model(image, layers.Dense(8)(net))


# %%
def stem_gradient(model, training):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(noise, training=training) - target) ** 2)
    return float(tf.norm(tape.gradient(loss, model.get_layer("stem_conv").kernel)))


# %%
noise, target = (rng.normal(size=shape).astype("float32") for shape in [(16, 16, 16, 3), (16, 8)])
found = {}
for place, build in {"branch": blob, "main": on_main}.items():
    for blobs in (4, 8, 16, 32):
        with training.seeded(0):
            model = deep(blobs, build)
        for norm in (False, True):
            found[norm, place, blobs] = stem_gradient(model, norm)

# %% tags=["hide-output"]
panels = {False: "without batch norm", True: "with batch norm"}
plots.show(plots.gradient_by_depth(found, panels))
for norm, title in panels.items():
    for place in ("branch", "main"):
        growth = np.log10(found[norm, place, 32] / found[norm, place, 4])
        print(f"{title:18}  gate_at={place!r:8}  10^{growth:+.0f} from 4 to 32 blobs")
# ALT Gradient of the first layer against the number of blobs, both axes logarithmic. Without batch norm the
# ALT curve of the gate on the main path falls by powers of ten, with it the curve shoots up. The curves of
# ALT the gate on the branch rise far less.

# %% [markdown]
# Without batch norm the result follows the formula: from 4 to 32 blobs the gradients of the two places drift
# apart by powers of ten; with the gate on the main path and 32 blobs, the stem learns next to nothing. With
# batch norm, a surprise: the gradient **explodes** ([Yang and others,
# 2019](https://doi.org/10.48550/arXiv.1902.08129) say why). Each branch's normalisation amplifies the
# shrunken signal again, in the forward and so in the backward pass. With the gate on the branch the gradient
# changes least with depth: so the scale goes before the addition. (The paper's journal version tries several
# places on ImageNet: only the one after the addition did worse.)
#
# ## The gates of a trained network
#
# A second model, on the shipped SENet's layers, outputs all gates for each face. A box spans the middle half
# of a blob's channels, its whiskers all of them:

# %% [markdown] lang="zh"
# 不用批归一化时，结果与公式相符：从 4 个模块到 32 个，两处的梯度相差若干个数量级；门在主干上、模块为 32 个
# 时，stem 几乎学不到东西。用批归一化时，结果出人意料：梯度**爆炸**（原因见 [Yang and
# others, 2019](https://doi.org/10.48550/arXiv.1902.08129)）。每个分支的归一化都把缩小了的信号重新放大，前向如
# 此，反向也如此。门在分支上时，梯度随深度变化最小，所以缩放应在相加之前。（论文的期刊版在 ImageNet 上试过几个
# 位置：只有放在相加之后的较差。）
#
# ## 训练好的网络中的门
#
# 在随课程提供的 SENet 的各层上另建一个模型，输出每张脸的所有门。箱体覆盖一个模块中间一半的通道，须线覆盖全部
# 通道：

# %%
FACES = sources.load("synthetic", n=200, seed=3, progress=False)
crops = FACES.crops(128)
senet = methods.load("senet").build()
gate_layers = [layer for layer in senet.layers if layer.name.endswith("_se_gate")]
inside = keras.Model(senet.input, [layer.output for layer in gate_layers])
images = training.scaled(crops.images)
gates = {str(b): s for b, s in enumerate(inside.predict(images, verbose=0), 1)}
plots.show(plots.gate_spread(gates))
# ALT Two plots with a box for each blob, its orange line at the median. Left, the means of the gates
# ALT over the faces, on a scale from 0 to 1. Right, how much each gate varies from face to face, the lower
# ALT the less; where a box lies at 0, the gates stand still.

# %% [markdown]
# A gate's *mean* is a constant, which a convolution could learn; only its *variation* needs a gate. (Is
# there a blob that could do without?) What does it vary with? Here is the share of gates that differ
# *clearly* between two kinds of faces, by more than 0.8 of their standard deviation within the kinds (a
# large effect by **Cohen's d**): frontal and turned, dark and light, and, as a baseline, random halves.

# %% [markdown] lang="zh"
# 门的*均值*是常数，卷积就能学到；只有它的*变化*才需要门。（有没有哪个模块可以不要门？）它随什么变化？下面给出
# 两类人脸之间*明显*不同的门所占的比例，“明显”指差异超过类内标准差的 0.8 倍（按 **Cohen's d** 属于大效应）：正
# 脸与侧转的脸，暗与亮，以及作为基线的随机对半。

# %%
turn = np.abs(yaw(crops.points))
light, number = images.mean(axis=(1, 2, 3)), np.arange(200)
pairs = {
    "frontal or turned": (turn < 0.2, turn > 0.5),
    "dark or light": (light < np.quantile(light, 0.3), light > np.quantile(light, 0.7)),
    "random halves": (number % 2 == 0, number % 2 == 1),
}


def clearly(s, a, b):
    spread = np.sqrt((s[a].var(axis=0) + s[b].var(axis=0)) / 2) + 1e-6
    return np.mean(np.abs(s[a].mean(axis=0) - s[b].mean(axis=0)) / spread > 0.8)


shares = {name: [100 * clearly(s, *pair) for s in gates.values()] for name, pair in pairs.items()}
plots.show(plots.curves(range(1, len(gates) + 1), shares, "blob", "channels that differ clearly, %"))
# ALT The share of channels that differ clearly, blob by blob, in three curves: between frontal and turned
# ALT faces, between dark and light ones, and between random halves, the last near 0.

# %% [markdown]
# Light shows in single pixels, pose only in the whole face: at which depth do the gates respond to each?
#
# ## Gates on and off
#
# Replace the gates by constants, their means over the faces: they no longer depend on the image. A gate is
# $s = \sigma(v)$, $v$ the output of $W_2$. So that it can be done by degrees, we take
#
# $$v' = \bar v + a\,(v - \bar v), \qquad \bar v = \sigma^{-1}(\bar s)$$
#
# $\bar s$ is the mean gate: $a = 1$ is the network as it was trained, $a = 0$ the one with constant gates.
# Since $v = W_2 h + b$ ($h$ the hidden units, $b$ the biases), that only changes the weights of $W_2$, to
# $a W_2$, and the biases:

# %% [markdown] lang="zh"
# 光照从单个像素就能看出，姿态要看整张脸才知道：门在哪个深度对两者有响应？
#
# ## 门的开与关
#
# 用常数（各门在所有人脸上的均值）代替门，它们便不再依赖图像。门为 $s = \sigma(v)$，$v$ 是 $W_2$ 的输出。为了
# 能逐步改变，取
#
# $$v' = \bar v + a\,(v - \bar v), \qquad \bar v = \sigma^{-1}(\bar s)$$
#
# $\bar s$ 是门的均值：$a = 1$ 是训练好的网络，$a = 0$ 是门为常数的网络。由于 $v = W_2 h + b$（$h$ 为隐藏单
# 元，$b$ 为偏置），只需把 $W_2$ 的权重改为 $a W_2$，并修改偏置：


# %%
trained = [layer.get_weights() for layer in gate_layers]


def open_gates(a, means):
    for layer, (W2, b), s in zip(gate_layers, trained, means, strict=True):
        v = logit(np.clip(s, 1e-4, 1 - 1e-4))
        layer.set_weights([a * W2, v + a * (b - v)])


def predict(images):
    return 128 * senet(images, training=False).numpy().reshape(-1, 68, 2)


# %% [markdown]
# Drag both sliders: how much do the gates matter in good light, and how much in the dark?

# %% [markdown] lang="zh"
# 拖动两个滑块：光照良好时门有多重要，暗处又有多重要？

# %%
some = [3, 8, 21, 40]
in_light = [s.mean(axis=0) for s in gates.values()]


def switched(gates, light):
    open_gates(gates, in_light)
    seen = light * images[some]
    points = predict(seen)
    open_gates(1, in_light)
    e = metrics.nme(points, crops.points[some], norm="box")
    titles = [f"{error:.1%} of the box" for error in e]
    faces = (255 * seen).astype("uint8")
    return plots.faces_grid(faces, points, crops.points[some], titles=titles, columns=4)


# %% tags=["nbval-ignore-output"]
widgets.Sliders(switched, {"gates": (0, 1, 1), "light": (0.1, 1, 1)})
# ALT Four faces with the network's points on them, and their errors above. With the gates at 1 the points fit
# ALT in any light; with the gates at 0 and little light they leave the faces.

# %% [markdown]
# This is an **ablation**: what is left when a part is taken out. On all faces, in good light and in a quarter
# of it, with the means of either:

# %% [markdown] lang="zh"
# 这就是**消融实验**：去掉一个部分，看还剩多少。在全部人脸上，光照良好和四分之一光照，分别用两种光照下的均值：

# %%
dark = 0.25 * images
in_dark = [s.mean(axis=0) for s in inside.predict(dark, verbose=0)]
for name, a, means in [("as trained", 1, in_light), ("means in good light", 0, in_light),
                       ("means in the dark", 0, in_dark)]:  # fmt: skip
    open_gates(a, means)
    e = [metrics.nme(predict(seen), crops.points, norm="box").mean() for seen in (images, dark)]
    print(f"{name:20}  NME {e[0]:.2%} of the box, in the dark {e[1]:.2%}")
open_gates(1, in_light)

# %% [markdown]
# Frozen for good light, it does worse in the dark. What the gates' *dependence on the image* contributes is
# the difference from the first line. (What a network trained without gates can do, only training one would
# show.)
#
# ## A task for gates alone
#
# Photographs have a colour cast: each colour channel was multiplied by an unknown factor. Restoring it is
# **white balance**. If all true pictures have the same mean in each channel ("the world is grey"), the factor
# can be read from the mean of the whole picture, and from nowhere else. A convolution of 3x3 pixels cannot
# see it; a gate can.

# %% [markdown] lang="zh"
# 按良好光照固定的门，在暗处表现变差。门*对图像的依赖*贡献了多少，就看与第一行的差。（不带门训练的网络能做到什
# 么程度，只有训练一个才知道。）
#
# ## 只有门能完成的任务
#
# 照片会偏色：每个颜色通道都乘上了一个未知系数。把它还原称为**白平衡**。如果所有真实图像在各通道的均值都相同
# （“世界是灰的”），那么这个系数可由整张图像的均值读出，别处都读不出。3x3 像素的卷积看不到它，门可以。

# %%
small = crops[:160].crops(16).images.astype("float32")
grey_world = 0.35 * small / small.mean(axis=(1, 2), keepdims=True)
cast = grey_world * rng.uniform(0.3, 1, (160, 1, 1, 3)).astype("float32")


# %%
def restore(gate):
    with training.seeded(0):
        image = keras.Input((16, 16, 3))
        net = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
        net = net * gate(net) if gate else net
        model = keras.Model(image, layers.Conv2D(3, 3, padding="same")(net))
    model.compile(keras.optimizers.Adam(0.02), "mae")
    model.fit(cast[:120], grey_world[:120], batch_size=20, epochs=20, shuffle=False, verbose=0)
    return model(cast[120:], training=False).numpy()


# %% [markdown]
# ### Exercise 3 ★★★
#
# Design a cheaper gate: from a tensor (N, H, W, 16) to gates (N, 1, 1, 16), with at most 100 parameters where
# the usual one has 148 ($r = 4$, with biases). There are many answers. One layer has too many weights; what
# if all channels share some, or a gate looks only at its neighbours (as in ECA)?

# %% [markdown] lang="zh"
# ### 练习 3 ★★★
#
# 设计一个更省的门：由张量 (N, H, W, 16) 到门 (N, 1, 1, 16)，参数最多 100 个，而通常的门有 148 个（$r = 4$，含
# 偏置）。答案不唯一。一层的权重太多；如果所有通道共用一部分权重，或者一个门只看相邻的通道（如 ECA），会怎样？


# %% tags=["exercise"]
def my_gate(net):
    z = layers.GlobalAveragePooling2D()(net)  # (N, 16)
    # SOLUTION
    z = layers.Reshape((-1, 1))(z)  # the channels as a row of "pixels"
    s = layers.Conv1D(1, 5, padding="same", activation="sigmoid")(z)
    return layers.Reshape((1, 1, -1))(s)
    # END SOLUTION
    # STUB s = ...
    # STUB return ...


# %%
check.own_gate(my_gate)

# %% tags=["nbval-ignore-output"]
yours = check.ready(my_gate, check.own_gate)
ways = {"no gate": None, "SE, r = 4": lambda net: gate(net, 4), "yours": yours}
restored = {name: restore(way) for name, way in ways.items()}
for name, found in restored.items():
    print(f"{name:10} {255 * np.abs(found - grey_world[120:]).mean():5.1f} grey values off, on new pictures")
rows = {"cast": cast[120:], **restored, "true": grey_world[120:]}
pictures = [(255 * np.clip(found[i], 0, 1)).astype("uint8") for i in (0, 5) for found in rows.values()]
plots.show(plots.faces_grid(pictures, titles=2 * list(rows), columns=5))
# ALT Two small pictures with a colour cast; restored without a gate they keep it, with either gate they lose
# ALT most of it; beside them the true ones.

# %% [markdown]
# One run each: small differences are chance. That a gate helps here is not.
#
# ## Questions
#
# 1. With its gates frozen at their means, a network lost little in good light. What would you have to train
#    to know whether gates were worth having at all?
# 2. Two blobs of a network have gates that hardly vary. What would you do with them before deploying it?
# 3. Why does the squeeze take the mean over the picture, and not, say, its maximum?
#
# ## Key points
#
# - Squeeze: $z$, each channel's mean. Excite: $s = \sigma(W_2\, \delta(W_1 z))$. Scale: $x_c = s_c u_c$.
# - Two layers can represent rules that one cannot; the bottleneck does so with $2C^2/r$ weights instead of
#   $C^2$.
# - SE-Inception scales the module's output, SE-ResNet the **residual branch, before the addition**.
# - On the main path the gates multiply up: the gradient vanishes, or, with batch norm, explodes.
# - Only a gate's variation from image to image is worth a gate; an ablation measures it.
#
# **Common mistakes:** a ReLU at the end of the branch, so that it can only add; no activation between the two
# layers; the mean over the batch; gates frozen with their biases, but not their weights.
#
# ## Go further
#
# - J. Hu, L. Shen, G. Sun, [*Squeeze-and-Excitation
#   Networks*](https://doi.org/10.1109/CVPR.2018.00745), CVPR 2018; the [journal
#   version](https://doi.org/10.48550/arXiv.1709.01507), TPAMI 2020.
# - G. Yang and others, [*A Mean Field Theory of Batch
#   Normalization*](https://doi.org/10.48550/arXiv.1902.08129), ICLR 2019: it makes gradients explode.
# - S. Woo and others, [*CBAM: Convolutional Block Attention
#   Module*](https://doi.org/10.48550/arXiv.1807.06521), ECCV 2018: gates over positions, too.
# - Q. Wang and others, [*ECA-Net*](https://doi.org/10.48550/arXiv.1910.03151), CVPR 2020: a gate without a
#   bottleneck.
# - Next: [10, training SENet](10_training_senet.ipynb).

# %% [markdown] lang="zh"
# 每种只运行一次：小的差异属于偶然，门在这里有用则不是偶然。
#
# ## 思考题
#
# 1. 把门固定为均值后，网络在良好光照下损失很小。要知道门究竟值不值得用，还需要训练什么？
# 2. 网络中有两个模块的门几乎不变。部署之前，你会怎样处理它们？
# 3. 压缩为什么取整张图的均值，而不是例如最大值？
#
# ## 要点
#
# - 压缩：$z$，各通道的均值。激励：$s = \sigma(W_2\, \delta(W_1 z))$。缩放：$x_c = s_c u_c$。
# - 两层能表示一层表示不了的规则；瓶颈结构只用 $2C^2/r$ 个权重，而不是 $C^2$ 个。
# - SE-Inception 缩放模块的输出，SE-ResNet 缩放**残差分支，在相加之前**。
# - 门在主干上会连乘：梯度消散；有批归一化时则爆炸。
# - 门的价值只在于它随图像的变化；消融实验可以衡量它。
#
# **常见错误：** 分支末尾加了 ReLU，于是残差非负，分支只能使数值增大；两层之间没有激活函数；在批上求均值；固定
# 门时只改偏置，没有改权重。
#
# ## 延伸阅读
#
# - J. Hu, L. Shen, G. Sun, [*Squeeze-and-Excitation Networks*](https://doi.org/10.1109/CVPR.2018.00745),
#   CVPR 2018；[期刊版](https://doi.org/10.48550/arXiv.1709.01507)，TPAMI 2020。
# - G. Yang and others, [*A Mean Field Theory of Batch
#   Normalization*](https://doi.org/10.48550/arXiv.1902.08129), ICLR 2019：批归一化使梯度爆炸。
# - S. Woo and others, [*CBAM: Convolutional Block Attention
#   Module*](https://doi.org/10.48550/arXiv.1807.06521), ECCV 2018：对位置也设门。
# - Q. Wang and others, [*ECA-Net*](https://doi.org/10.48550/arXiv.1910.03151), CVPR 2020：没有瓶颈结构的门。
# - 下一节：[10，训练 SENet](10_training_senet.ipynb)。
